"""The rule language: what it says, what it refuses and in which words, what missing values do."""

import itertools
import json
import math
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.risk.rules import (
    Categories,
    RuleError,
    State,
    Type,
    check,
    compile_columns,
    compile_rows,
    errors,
    evaluate_columns,
)
from apps.risk.rules.row import row_source

ROOT = Path(__file__).parents[2]
HANDBOOK = (ROOT / "docs" / "rules.md").read_text("utf-8")
NUMBERS = (
    "amount_usd", "user_withdrawal_avg_30d", "device_age_hours", "account_age_days", "hour",
    "price_deviation", "user_order_avg_30d", "declared_income_usd", "user_volume_30d", "limit_usd",
    "user_orders_30d",
)  # fmt: skip
BOOLS = ("vpn", "tor", "merchant", "emulator", "rooted", "reversible_rail")
TEXTS = ("kind", "side", "rail", "country", "kyc_country")
VOCABULARY = {
    **dict.fromkeys(NUMBERS, Type.NUMBER),
    **dict.fromkeys(BOOLS, Type.BOOL),
    **dict.fromkeys(TEXTS, Type.TEXT),
}
CHOICES = {"side": ("buy", "sell"), "kind": ("order.created", "withdrawal.requested")}
PROMISES = re.findall(r"^\| `(.+?)` \| (Column .+?) \|$", HANDBOOK, re.MULTILINE)
BLOCKS = re.findall(r"^```rule\n(.+?)\n```$", HANDBOOK, re.MULTILINE | re.DOTALL)
EXAMPLES = re.split(r"\n(?! )", "\n".join(BLOCKS))  # a line that begins with a space goes on
NAN = math.nan
HIT, MISS, UNKNOWN = State.HIT, State.MISS, State.UNKNOWN


def state_of(text: str, **values: float | str | None) -> State:
    """Evaluate a rule on one row, by both compilers; what is not given is missing."""
    row = {name: None if kind is Type.TEXT else NAN for name, kind in VOCABULARY.items()} | values
    rule = check(text, VOCABULARY)
    by_row = compile_rows([rule], list(row))(list(row.values()))
    by_column = compile_columns(rule)(
        {
            name: np.array([value], object if VOCABULARY[name] is Type.TEXT else np.float64)
            for name, value in row.items()
        }
    )
    assert by_row == by_column.tolist()
    return State(by_row[0])


# What a rule is


def test_a_rule_knows_its_names_and_its_one_canonical_text() -> None:
    rule = check(
        "( amount_usd>1_000.50 )and(vpn ==True) and\n not(side in ['sell','buy'])", VOCABULARY
    )
    assert rule.names == {"amount_usd", "vpn", "side"}
    assert rule.canonical == "amount_usd > 1000.5 and vpn and side not in ('buy', 'sell')"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1 < amount_usd <= 5", "1 < amount_usd and amount_usd <= 5"),
        ("(vpn or tor) or merchant", "vpn or tor or merchant"),
        ("vpn or tor and merchant", "vpn or tor and merchant"),
        ("(vpn or tor) and merchant", "(vpn or tor) and merchant"),
        ("not (vpn and tor)", "not (vpn and tor)"),
        ("hour - (hour - 1) > -(2)", "hour - (hour - 1) > -2"),
        ("hour / (hour * 2) > (1 + 2) * 3", "hour / (hour * 2) > (1 + 2) * 3"),
        ("hour in (3, -1, 3)", "hour in (-1, 3)"),
        ("vpn != True", "not vpn"),
        ('country == "it\'s"', 'country == "it\'s"'),
        ("country in ('DE',)", "country in ('DE',)"),
    ],
)
def test_texts_with_one_meaning_have_one_canonical_text(text: str, canonical: str) -> None:
    assert check(text, VOCABULARY).canonical == canonical
    assert check(canonical, VOCABULARY).canonical == canonical


def test_an_explanation_shows_the_value_behind_every_name() -> None:
    rule = check(
        "amount_usd > 3 * user_withdrawal_avg_30d and device_age_hours < 24"
        " and not vpn and country == 'DE' and limit_usd >= 12500",
        VOCABULARY,
    )
    values: dict[str, float | str | None] = {
        "amount_usd": 900.0,
        "user_withdrawal_avg_30d": 120.0,
        "device_age_hours": 2.5,
        "vpn": 0.0,
        "country": "DE",
    }
    assert rule.explain(values) == (
        "amount_usd (900) > 3 × user_withdrawal_avg_30d (120) and device_age_hours (2.5) < 24"
        " and not vpn (no) and country ('DE') = 'DE' and limit_usd (unknown) ≥ 12,500"
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1234567.891, "1,234,567.891"),
        (1 / 3, "0.3333"),
        (0.00012, "0.00012"),
        (23.99999, "23.99999"),
        (-5.0, "-5"),
        (math.inf, "inf"),
    ],
)
def test_an_explanation_rounds_without_misleading(value: float, shown: str) -> None:
    assert check("hour < 24", VOCABULARY).explain({"hour": value}) == f"hour ({shown}) < 24"


def test_a_rule_and_its_error_survive_the_way_to_a_worker() -> None:
    rule = check("amount_usd > 3 and country in ('DE', 'FR')", VOCABULARY)
    assert pickle.loads(pickle.dumps(rule)) == rule
    with pytest.raises(RuleError) as raised:
        check("amount > 3", VOCABULARY)
    again = pickle.loads(pickle.dumps(raised.value))
    assert (again.message, again.column, again.suggestion) == raised.value.args


# What it refuses


def test_the_handbook_has_examples_and_messages() -> None:
    assert len(EXAMPLES) >= 10
    assert len(PROMISES) >= 20


@pytest.mark.parametrize(("text", "answer"), PROMISES)
def test_the_editor_says_what_the_handbook_promises(text: str, answer: str) -> None:
    with pytest.raises(RuleError) as raised:
        check(text, VOCABULARY, choices=CHOICES)
    assert str(raised.value) == answer


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_of_the_handbook_is_a_rule(text: str) -> None:
    assert check(text, VOCABULARY, choices=CHOICES).names


@pytest.mark.parametrize(
    ("text", "column", "suggestion"),
    [
        ("", 1, None),
        ("  \n ", 1, None),
        ("amount_usd.real > 1", 11, None),
        ("__import__('os') == 1", 1, None),
        ("amount_usd ** 2 > 1", 12, None),
        ("amount_usd // 2 > 1", 12, "/"),
        ("vpn && tor", 5, "and"),
        ("vpn <> tor", 5, "!="),
        ("!vpn", 1, "not"),
        ("amount_usd ≥ 3", 12, ">="),
        ("country == ‘DE’", 12, "'"),
        ("vpn == true", 8, "True"),
        ("amount_usd is 3", 12, "=="),
        ("vpn if tor else merchant", 5, None),
        ("lambda: 3", 1, None),
        ("[hour for hour in country] == 3", 7, None),
        ("(vpn := tor)", 6, "=="),
        ("vpn # because", 5, None),
        ("vpn; tor", 4, None),
        ("24h > hour", 1, "24"),
        ("0x1F > hour", 1, "0"),
        ("1__0 > hour", 1, "1"),
        ("007 > hour", 1, None),
        ("1e16 > hour", 1, None),
        (f"hour > {'9' * 1500}", 8, None),
        ("1e999 > hour", 1, None),
        ("3j > hour", 1, "3"),
        ("country == b'DE'", 13, None),
        ("country == f'{vpn}'", 13, None),
        ("country == 'DE' 'FR'", 17, None),
        ("country == '''DE'''", 14, None),
        (r"country == 'D\x45'", 12, None),
        ("country == 'D\u202eE'", 12, None),
        ("country == 'DE\ud800'", 12, None),
        ("hour > \u0661", 8, None),
        ("аmount_usd > 3", 1, None),  # the first letter is Cyrillic
        ("+hour > 3", 1, None),
        ("hour[0] > 3", 5, None),
        ("hour(3) > 3", 1, None),
        ("(hour)(3) > 3", 7, None),
        ("max(hour) > 3", 1, None),
        ("abs(hour, 3) > 3", 1, None),
        ("max(*hour) > 3", 5, None),
        ("known(hour > 3)", 7, None),
        ("max > 3", 1, "max()"),
        ("max(vpn, 3) > 3", 5, None),
        ("vpn == (hour > 3)", 1, None),
        ("-vpn", 2, None),
        ("not hour", 5, None),
        ("vpn and hour", 9, None),
        ("3 == country", 1, None),
        ("country == kyc_country == 3", 27, None),
        ("vpn in (True, False)", 1, None),
        ("3 in (3, 4)", 1, None),
        ("country in kyc_country", 12, None),
        ("country in ()", 12, None),
        ("country in {}", 12, None),
        ("country in (kyc_country, 'DE')", 13, None),
        ("hour in (1, -'x')", 14, None),
        ("hour in (1, 2) == vpn", 1, None),
        ("hour in (1, 2 + 1)", 13, None),
        ("(1, 2)", 1, None),
        ("()", 1, None),
        ("hour > 'Zürich' and hour > 'é'", 8, None),
        ("rail == 'Zürich' and hour > 'é'", 29, None),
        ("vpn)", 4, None),
        ("[vpn)", 5, "]"),
        ("vpn and and tor", 9, None),
        ("vpn, tor", 4, None),
        ("side == 'byu'", 9, "'buy'"),
        ("side in ('buy', 'rent')", 17, None),
        ("kind != 'order.creatd'", 9, "'order.created'"),
    ],
)
def test_what_is_no_rule_is_refused_at_its_place(
    text: str, column: int, suggestion: str | None
) -> None:
    with pytest.raises(RuleError) as raised:
        check(text, VOCABULARY, choices=CHOICES)
    assert (raised.value.column, raised.value.suggestion) == (column, suggestion)


def test_an_editor_learns_of_all_errors_from_left_to_right() -> None:
    found = errors("Country == 'DE' and amount > 'x' or vpn + 3 > max(tor, 1)", VOCABULARY)
    assert [(error.column, error.suggestion) for error in found] == [
        (1, "country"),
        (21, "amount_usd"),
        (37, None),
        (51, None),
    ]
    assert errors("vpn", VOCABULARY) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("vpn" + " " * 1998, "2,001 characters long"),
        (" or ".join(["vpn"] * 200), "201 parts"),
        ("not " * 40 + "vpn", "nested deeper than 40"),
        ("(" * 41 + "vpn" + ")" * 41, "nested deeper than 40"),
        ("hour > " + "-" * 1900 + "1", "nested deeper than 40|read as one expression"),
    ],
)
def test_a_rule_that_is_too_large_is_refused(text: str, words: str) -> None:
    with pytest.raises(RuleError, match=words):
        check(text, VOCABULARY)


def test_a_rule_may_be_as_large_as_the_limits() -> None:
    assert check("vpn" + " " * 1997, VOCABULARY).canonical == "vpn"
    assert check(" or ".join(["vpn"] * 199), VOCABULARY).names == {"vpn"}
    assert check(f"hour in ({', '.join(map(str, range(400)))})", VOCABULARY).names == {"hour"}


def test_a_text_of_the_rule_never_becomes_code() -> None:
    word = '"]; import os; ["'.replace('"', "`")
    hostile = "x' if __import__('os') else '"
    rule = check(f'country == "{hostile}" or country == "{word}"', VOCABULARY)
    assert repr(hostile) in row_source([rule], ["country"])
    evaluate = compile_rows([rule], ["country"])
    assert [evaluate([text]) for text in (hostile, word, "DE")] == [[HIT], [HIT], [MISS]]


def test_the_language_needs_neither_django_nor_a_driver() -> None:
    code = (
        "import sys, apps.risk.rules;"
        "print([name for name in sys.modules if name.split('.')[0] in"
        " ('django', 'psycopg', 'pandas', 'xgboost', 'numba')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


# What it answers


def test_unknown_joins_as_it_could_be_either() -> None:
    number = {HIT: 1.0, MISS: 0.0, UNKNOWN: NAN}
    for a, b in itertools.product((HIT, MISS, UNKNOWN), repeat=2):
        values = {"vpn": number[a], "tor": number[b]}
        both = MISS if MISS in (a, b) else UNKNOWN if UNKNOWN in (a, b) else HIT
        either = HIT if HIT in (a, b) else UNKNOWN if UNKNOWN in (a, b) else MISS
        assert state_of("vpn and tor", **values) == both
        assert state_of("vpn or tor", **values) == either
        assert state_of("not vpn", **values) == {HIT: MISS, MISS: HIT, UNKNOWN: UNKNOWN}[a]
        assert state_of("not (vpn and tor)", **values) == state_of("not vpn or not tor", **values)


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "==", "!="])
def test_nothing_compares_with_a_missing_number(operator: str) -> None:
    assert state_of(f"hour {operator} 3") == UNKNOWN
    assert state_of(f"3 {operator} hour") == UNKNOWN
    assert state_of(f"not hour {operator} limit_usd", limit_usd=1.0) == UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "country == 'DE'",
        "country != 'DE'",
        "country == kyc_country",
        "country != kyc_country",
        "country in ('DE', 'FR')",
        "country not in ('DE', 'FR')",
    ],
)
def test_nothing_compares_with_a_missing_text(text: str) -> None:
    assert state_of(text) == UNKNOWN
    assert state_of(text, kyc_country="DE") == UNKNOWN


@pytest.mark.parametrize(
    ("calculation", "value"),
    [
        ("hour + 1", 4.0),
        ("hour - 1", 2.0),
        ("hour * 2", 6.0),
        ("hour / 2", 1.5),
        ("-hour", -3.0),
        ("abs(-hour)", 3.0),
        ("min(hour, 5, 4)", 3.0),
        ("max(hour, 5, 4)", 5.0),
        ("min(5, hour * 2, 9)", 5.0),
        ("hour / (hour - 1)", 1.5),
        ("1 - hour - 1", -3.0),
        ("2 + 3 * hour", 11.0),
    ],
)
def test_calculation(calculation: str, value: float) -> None:
    assert state_of(f"{calculation} == {value}", hour=3.0) == HIT
    assert state_of(f"{calculation} != {value}", hour=3.0) == MISS
    assert state_of(f"{calculation} == {value}") == UNKNOWN
    assert state_of(f"known({calculation})") == MISS


@pytest.mark.parametrize(
    ("calculation", "hour", "limit"),
    [
        ("hour / limit_usd", 1.0, 0.0),
        ("hour / limit_usd", 0.0, -0.0),
        ("hour / (limit_usd - 1)", 1.0, 1.0),
        ("hour - limit_usd", math.inf, math.inf),
        ("hour * limit_usd", 0.0, math.inf),
        ("hour / limit_usd", math.inf, math.inf),
        ("min(hour, limit_usd)", 1.0, NAN),
        ("max(limit_usd, hour)", 1.0, NAN),
    ],
)
def test_what_has_no_value_is_missing_and_never_an_error(
    calculation: str, hour: float, limit: float
) -> None:
    assert state_of(f"{calculation} > 0", hour=hour, limit_usd=limit) == UNKNOWN
    assert state_of(f"known({calculation})", hour=hour, limit_usd=limit) == MISS


def test_overflow_is_infinity_and_compares_as_such() -> None:
    assert state_of("hour * hour > 1_000", hour=1e200) == HIT
    assert state_of("-hour * hour < 0", hour=1e200) == HIT
    assert state_of("hour * hour == hour * hour", hour=1e200) == HIT


def test_known_is_never_unknown() -> None:
    assert [state_of(f"known({name})") for name in ("hour", "vpn", "country")] == [MISS] * 3
    assert (
        state_of("known(hour) and known(vpn) and known(country)", hour=0, vpn=0, country="") == HIT
    )
    assert state_of("not known(hour) or hour < 5") == HIT


def test_a_chain_asks_for_all_its_links() -> None:
    assert [state_of("2 <= hour < 5", hour=hour) for hour in (1.0, 2.0, 5.0)] == [MISS, HIT, MISS]


def test_a_missing_value_does_not_hide_a_clear_answer() -> None:
    text = "user_orders_30d < 5 and amount_usd > 1_000"
    assert state_of(text, amount_usd=10.0) == MISS
    assert state_of(text, amount_usd=5_000.0) == UNKNOWN


# Rows


def test_a_policy_answers_in_the_order_of_its_rules() -> None:
    rules = [check(text, VOCABULARY) for text in ("vpn", "hour > 3", "country == 'DE'", "True")]
    evaluate = compile_rows(rules, ["hour", "merchant", "country", "vpn"])
    assert evaluate([5.0, NAN, None, 0.0]) == [MISS, HIT, UNKNOWN, HIT]
    assert evaluate((NAN, NAN, "DE", 1.0)) == [HIT, UNKNOWN, HIT, HIT]
    assert compile_rows([], ["hour"])([1.0]) == []


def test_a_row_of_another_shape_is_refused() -> None:
    rule = check("hour > 3", VOCABULARY)
    with pytest.raises(ValueError, match="The row has no hour"):
        compile_rows([rule], ["vpn"])
    with pytest.raises(ValueError, match="twice"):
        compile_rows([rule], ["hour", "hour"])
    with pytest.raises(ValueError, match="unpack"):
        compile_rows([rule], ["hour", "vpn"])([1.0])


def test_a_calculation_of_several_rules_is_made_once() -> None:
    rules = [check(f"amount_usd / limit_usd > 0.{n}", VOCABULARY) for n in (5, 8, 9)]
    assert row_source(rules, ["amount_usd", "limit_usd"]).count("/") == 1
    assert compile_rows(rules, ["amount_usd", "limit_usd"])([85.0, 100.0]) == [HIT, HIT, MISS]


# Columns


def test_columns_come_as_numpy_has_them() -> None:
    rule = check("hour > 3 and vpn and country == 'DE'", VOCABULARY)
    expected = [HIT, MISS, UNKNOWN, MISS]
    hours: list[Any] = [5, 2, None, None]
    table = np.array([[5, 2, NAN, NAN], [1, 1, 1, 0], [0, 0, 0, 0]]).T
    countries: list[Any] = ["DE", "DE", "DE", "FR"]
    for column in (np.array(hours, object), np.array(hours, np.float32), table[:, 0]):
        for flags in (
            np.array([True, True, True, False]),
            table[:, 1],
            table[:, 1].astype(np.int8),
        ):
            for texts in (
                np.array(countries, object),
                np.array(countries),
                Categories(np.array([1, 1, 1, 0]), ("FR", "DE")),
            ):
                states = compile_columns(rule)({"hour": column, "vpn": flags, "country": texts})
                assert states.dtype == np.int8
                assert states.tolist() == expected


def test_missing_texts_come_as_none_nan_or_a_negative_code() -> None:
    rules = [check(text, VOCABULARY) for text in ("country == 'DE'", "known(country)")]
    array = np.array([None, NAN, "DE", "FR"], object)
    for column in (array, Categories(np.array([-1, -1, 0, 1]), ("DE", "FR"))):
        assert evaluate_columns(rules, {"country": column}).tolist() == [
            [UNKNOWN, UNKNOWN, HIT, MISS],
            [MISS, MISS, HIT, HIT],
        ]


def test_text_columns_compare_across_their_codes() -> None:
    rule = check("country == kyc_country", VOCABULARY)
    columns: dict[str, Any] = {
        "country": Categories(np.array([0, 1, 0, -1]), ("DE", "FR")),
        "kyc_country": np.array(["DE", "DE", "GB", "DE"], object),
    }
    assert compile_columns(rule)(columns).tolist() == [HIT, MISS, MISS, UNKNOWN]


def test_a_pandas_categorical_will_do() -> None:
    pandas = pytest.importorskip("pandas")
    column = pandas.Categorical(["DE", None, "FR"])
    rule = check("country in ('FR', 'GB')", VOCABULARY)
    assert compile_columns(rule)({"country": column}).tolist() == [MISS, UNKNOWN, HIT]


def test_chunks_and_threads_change_nothing() -> None:
    draw = np.random.default_rng(1)
    hours = draw.random(10_000)
    hours[draw.random(10_000) < 0.2] = NAN
    columns = {"hour": hours, "limit_usd": draw.random(10_000)}
    rules = [
        check(text, VOCABULARY)
        for text in ("hour > limit_usd", "hour / limit_usd > 0.5 or limit_usd < 0.1", "True")
    ]
    whole = evaluate_columns(rules, columns)
    assert {0, 1, 2} == set(np.unique(whole).tolist())
    for chunk, workers in ((1_000, 1), (777, 2), (20_000, 4)):
        assert np.array_equal(evaluate_columns(rules, columns, chunk, workers=workers), whole)


def test_the_columns_themselves_stay_as_they_are() -> None:
    hours, flags = np.array([1.0, NAN, 0.0]), np.array([True, False, True])
    columns = {"hour": hours.copy(), "vpn": flags.copy(), "tor": flags.copy()}
    rules = [
        check(text, VOCABULARY) for text in ("vpn and tor and hour > 0", "1 / hour > 0", "vpn")
    ]
    evaluate_columns(rules, columns)
    assert np.array_equal(columns["hour"], hours, equal_nan=True)
    assert np.array_equal(columns["vpn"], flags)


def test_columns_that_do_not_fit_are_refused() -> None:
    rule = check("hour > limit_usd", VOCABULARY)
    with pytest.raises(ValueError, match="The columns lack limit_usd"):
        compile_columns(rule)({"hour": np.zeros(3)})
    with pytest.raises(ValueError, match="differ in length"):
        compile_columns(rule)({"hour": np.zeros(3), "limit_usd": np.zeros(4)})
    column = Categories(np.array([0]), ("DE",))
    with pytest.raises(TypeError, match="hour holds numbers"):
        compile_columns(rule)({"hour": column, "limit_usd": np.zeros(1)})
    assert compile_columns(rule)({"hour": np.zeros(0), "limit_usd": np.zeros(0)}).shape == (0,)


def test_the_benchmark_ends_with_its_figures() -> None:
    done = subprocess.run(
        [ROOT / "bench" / "rules", "--rows", "2000", "--rounds", "1"],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures.keys() == {"row_us", "columns_s"}
    assert all(figure > 0 for figure in figures.values())
