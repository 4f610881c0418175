"""Both compilers of the rules and a plain interpreter give the same answer in every cell."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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

NUMBERS = ("amount", "average", "age", "count")
BOOLS = ("vpn", "merchant")
TEXTS = ("country", "bank_country")
NAMES = (*NUMBERS, *BOOLS, *TEXTS)
VOCABULARY = {
    **dict.fromkeys(NUMBERS, Type.NUMBER),
    **dict.fromkeys(BOOLS, Type.BOOL),
    **dict.fromkeys(TEXTS, Type.TEXT),
}
WORDS = ("DE", "FR", "it's", "Zürich", "")

# An expression is a nested tuple: its construct, then its parts. It is written out in brackets,
# and interpreted below, without anything of the language that is tested here.
Expression = tuple[Any, ...]

literals = st.one_of(
    st.integers(0, 1000).map(lambda n: ("literal", float(n), str(n))),
    st.sampled_from([0.5, 1_000.5, 1e-3, 1e15]).map(lambda x: ("literal", x, repr(x))),
)
words = st.sampled_from(WORDS)


def _arithmetic(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.tuples(st.sampled_from("+-*/"), inner, inner).filter(
            lambda e: not (e[0] == "/" and e[2][:2] == ("literal", 0.0))
        ),
        st.tuples(st.just("negative"), inner),
        st.tuples(st.just("abs"), inner),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner, inner),
    )


named = st.sampled_from(NUMBERS).map(lambda name: ("name", name))
number_leaves = st.one_of(named, literals, st.tuples(st.just("/"), named, named))
numbers = st.recursive(number_leaves, _arithmetic, max_leaves=5)
texts = st.one_of(
    st.sampled_from(TEXTS).map(lambda name: ("name", name)),
    words.map(lambda word: ("text", word)),
)
ORDERS = ("<", "<=", ">", ">=", "==", "!=")
condition_leaves = st.one_of(
    st.tuples(st.sampled_from(ORDERS), numbers, numbers),
    st.tuples(st.just("chain"), *[st.sampled_from(ORDERS)] * 2, numbers, numbers, numbers),
    st.tuples(st.sampled_from(["==", "!="]), texts, texts),
    st.tuples(
        st.sampled_from(["==", "!="]),
        *[st.sampled_from(BOOLS).map(lambda name: ("name", name))] * 2,
    ),
    st.tuples(
        st.sampled_from(["==", "!="]),
        st.sampled_from(BOOLS).map(lambda name: ("name", name)),
        st.booleans().map(lambda value: ("truth", value)),
    ),
    st.sampled_from(BOOLS).map(lambda name: ("name", name)),
    st.booleans().map(lambda value: ("truth", value)),
    st.tuples(st.just("known"), numbers),
    st.sampled_from((*TEXTS, *BOOLS)).map(lambda name: ("known", ("name", name))),
    st.tuples(
        st.sampled_from(["in", "not in"]),
        st.sampled_from(TEXTS).map(lambda name: ("name", name)),
        st.lists(words.map(lambda word: ("text", word)), min_size=1, max_size=4),
    ),
    st.tuples(
        st.sampled_from(["in", "not in"]),
        numbers.filter(lambda e: e[0] != "literal"),
        st.lists(literals, min_size=1, max_size=4),
    ),
)
conditions = st.recursive(
    condition_leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["and", "or"]), inner, inner),
        st.tuples(st.sampled_from(["and", "or"]), inner, inner, inner),
        st.tuples(st.just("not"), inner),
    ),
    max_leaves=8,
)
specials = st.sampled_from([math.nan, 0.0, -0.0, 1.0, 2.5, 1e308, math.inf, -math.inf])
number_values = st.one_of(specials, specials, st.floats())
rows = st.tuples(
    *[number_values] * len(NUMBERS),
    *[st.sampled_from([1.0, 0.0, math.nan])] * len(BOOLS),
    *[st.one_of(st.none(), words, st.just("elsewhere"))] * len(TEXTS),
)


def written(e: Expression) -> str:
    match e:
        case ("literal", _, text) | ("name", text):
            return str(text)
        case ("text", word):
            return f'"{word}"'
        case ("truth", value):
            return str(value)
        case ("negative", item):
            return f"(-{written(item)})"
        case ("abs" | "known" | "min" | "max" as function, *items):
            return f"{function}({', '.join(map(written, items))})"
        case ("chain", first, second, one, two, three):
            return f"({written(one)} {first} {written(two)} {second} {written(three)})"
        case ("not", item):
            return f"(not {written(item)})"
        case ("in" | "not in" as word, item, members):
            return f"({written(item)} {word} [{', '.join(map(written, members))}])"
        case (operator, *items):
            return "(" + f" {operator} ".join(map(written, items)) + ")"
    raise TypeError(e)


def value_of(e: Expression, row: Mapping[str, Any]) -> Any:
    """Interpret slowly and plainly; None stands for missing and for UNKNOWN."""
    match e:
        case ("literal" | "text" | "truth", value, *_):
            return value
        case ("name", name):
            value = row[name]
            missing = value is None or (isinstance(value, float) and math.isnan(value))
            return None if missing else bool(value) if name in BOOLS else value
        case ("known", item):
            return value_of(item, row) is not None
        case ("chain", first, second, one, two, three):
            return value_of(("and", (first, one, two), (second, two, three)), row)
        case ("and" | "or" as word, *items):
            answers = [value_of(item, row) for item in items]
            decisive = word == "or"
            return decisive if decisive in answers else None if None in answers else not decisive
        case ("in" | "not in" as word, item, members):
            value = value_of(item, row)
            inside = value in [member[1] for member in members]
            return None if value is None else inside == (word == "in")
        case (operator, *items):
            values = [value_of(item, row) for item in items]
            return None if None in values else applied(operator, values)
    raise TypeError(e)


def applied(operator: str, values: list[Any]) -> Any:
    match operator, *values:
        case "not", one:
            return not one
        case "negative", one:
            return -one
        case "abs", one:
            return abs(one)
        case "min", *_:
            return min(values)
        case "max", *_:
            return max(values)
        case "/", one, two:
            result = None if two == 0 else one / two
        case "+", one, two:
            result = one + two
        case "-", one, two:
            result = one - two
        case "*", one, two:
            result = one * two
        case _, one, two:
            return {
                "<": lambda: one < two,
                "<=": lambda: one <= two,
                ">": lambda: one > two,
                ">=": lambda: one >= two,
                "==": lambda: one == two,
                "!=": lambda: one != two,
            }[operator]()
    return None if result is None or math.isnan(result) else result


def as_columns(data: list[tuple[Any, ...]], *, coded: bool) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for place, name in enumerate(NAMES):
        values = [row[place] for row in data]
        if name not in TEXTS:
            columns[name] = np.array(values, np.float64)
        elif coded:
            categories = ("elsewhere", *WORDS)
            codes = [-1 if value is None else categories.index(value) for value in values]
            columns[name] = Categories(np.array(codes, np.int16), categories)
        else:
            columns[name] = np.array(values, object)
    return columns


@settings(max_examples=250, deadline=None)
@given(
    expressions=st.lists(conditions, min_size=1, max_size=4),
    data=st.lists(rows, min_size=5, max_size=20),
    chunk=st.integers(1, 7),
    workers=st.integers(1, 2),
    coded=st.booleans(),
)
def test_rows_columns_and_interpreter_agree_in_every_cell(
    expressions: list[Expression],
    data: list[tuple[Any, ...]],
    chunk: int,
    workers: int,
    coded: bool,
) -> None:
    rules = [check(written(expression), VOCABULARY) for expression in expressions]
    state = {True: State.HIT, False: State.MISS, None: State.UNKNOWN}
    expected = [
        [state[value_of(expression, dict(zip(NAMES, row, strict=True)))] for row in data]
        for expression in expressions
    ]

    evaluate = compile_rows(rules, NAMES)
    by_row = np.array([evaluate(row) for row in data]).T.tolist()
    columns = as_columns(data, coded=coded)
    by_column = evaluate_columns(rules, columns, chunk, workers=workers).tolist()
    one_by_one = [compile_columns(rule)(columns).tolist() for rule in rules]

    assert by_row == expected
    assert by_column == expected
    assert one_by_one == expected


@given(expression=conditions)
def test_the_canonical_text_means_the_same_and_is_its_own_canonical_text(
    expression: Expression,
) -> None:
    rule = check(written(expression), VOCABULARY)
    again = check(rule.canonical, VOCABULARY)
    assert again.tree == rule.tree
    assert again.canonical == rule.canonical


@given(expression=conditions, row=rows)
def test_every_rule_explains_every_row_with_the_values_it_names(
    expression: Expression, row: tuple[Any, ...]
) -> None:
    rule = check(written(expression), VOCABULARY)
    explained = rule.explain(dict(zip(NAMES, row, strict=True)))
    for name in rule.names:
        assert f"{name} (" in explained


fragments = st.lists(
    st.sampled_from(
        [
            *NAMES, "and", "or", "not", "in", "not in", "True", "None", "known", "min", "abs",
            "(", ")", "[", "]", "{", "}", ",", "'DE'", '"FR"', "'", "3", "0", "1_000.50", "1e9",
            ".5", "9" * 400, "+", "-", "*", "/", "**", "//", "%", "<", "<=", "==", "=", "!=", "!",
            ":", ";", "lambda", "if", "else", "for", "is", "await", "f'{x}'", ".", "__class__",
            "\\", "\n", "\t", "\0", "\ud800", "#", "é", "“", "not " * 300, "-" * 900, "(" * 60,
            "1or", "0x1f", "1j",
        ]
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(text=st.one_of(st.text(max_size=60), fragments.map(" ".join), fragments.map("".join)))
def test_any_text_is_a_rule_or_a_rule_error_and_nothing_else(text: str) -> None:
    found = errors(text, VOCABULARY)
    assert all(error.message and 1 <= error.column <= len(text) + 1 for error in found)
    if found:
        with pytest.raises(RuleError) as raised:
            check(text, VOCABULARY)
        assert raised.value.args == found[0].args
    else:
        evaluate = compile_rows([check(text, VOCABULARY)], NAMES)
        assert evaluate([math.nan] * 6 + [None] * 2)[0] in (State.MISS, State.HIT, State.UNKNOWN)
