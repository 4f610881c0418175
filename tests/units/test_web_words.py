"""Words: every code has a sentence, and every sentence is there in Chinese."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils import translation

from apps.core.errors import Refused
from apps.trades import conditions, states
from apps.trades.models import AppealOutcome, AppealReason, CancelReason, EvidenceKind
from apps.trades.services.ratings import TAGS
from apps.web import appeal_words, notice_words, order_words, wording
from otcrisk.management.commands.makemessages import words

FOLDER = Path(settings.BASE_DIR) / "locale" / "zh_Hans" / "LC_MESSAGES"


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s|%%", text))


def test_every_text_is_translated_with_what_is_filled_into_it() -> None:
    source = polib.pofile(str(FOLDER / "django.po"))
    assert [one.msgid for one in source.untranslated_entries() + source.fuzzy_entries()] == []
    for one in source:
        said = one.msgstr or one.msgstr_plural[0]
        assert placeholders(one.msgid_plural or one.msgid) == placeholders(said), one.msgid


def test_what_is_compiled_is_what_was_written() -> None:
    source, compiled = (
        {(one.msgid, one.msgctxt): one.msgstr or one.msgstr_plural for one in catalogue}
        for catalogue in (
            polib.pofile(str(FOLDER / "django.po")),
            polib.mofile(str(FOLDER / "django.mo")),
        )
    )
    assert source == compiled


def test_what_stands_in_data_is_translated_too() -> None:
    known = {one.msgid for one in polib.pofile(str(FOLDER / "django.po"))}
    assert set(words()) - known == set()


def test_every_state_and_reason_has_its_words() -> None:
    assert set(wording.ORDER_STATES) == set(states.OrderStatus.values)
    assert set(order_words.STEPS) == set(states.OrderStatus.values)
    assert {state for state, _buys in order_words._PLAIN} == set(states.OrderStatus.values)
    assert set(wording.AD_STATES) == set(states.AdStatus.values)
    assert set(wording.CANCEL_REASONS) == set(CancelReason.values)
    assert set(wording.CONDITIONS) >= set(conditions.SENTENCES)
    assert set(wording.TAGS) == set(TAGS)
    assert set(appeal_words.REASONS) == set(AppealReason.values)
    assert set(appeal_words.STATES) == set(appeal_words.WHAT_NOW) == set(states.AppealState.values)
    assert set(appeal_words.OUTCOMES) == set(AppealOutcome.values)
    assert set(appeal_words.EVIDENCE) == set(EvidenceKind.values)


def told(function: str) -> Iterator[str]:
    """The codes that flows and services hand to a function, wherever they stand as they are."""
    for folder in ("flows", "trades"):
        for file in (Path(settings.BASE_DIR) / "apps" / folder).rglob("*.py"):
            for call in ast.walk(ast.parse(file.read_text())):
                if not isinstance(call, ast.Call):
                    continue
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                if name != function:
                    continue
                named = [word.value for word in call.keywords if word.arg == "code"]
                for one in [*call.args, *named]:
                    for part in ast.walk(one):
                        if isinstance(part, ast.Constant) and re.fullmatch(
                            r"[A-Z][A-Z_]{3,}", str(part.value)
                        ):
                            yield str(part.value)


def test_every_line_of_the_desk_has_its_words() -> None:
    found = set(told("tell"))
    assert "ORDER_OPENED" in found
    assert found - set(notice_words.LINES) == set()


def test_every_notice_has_its_words() -> None:
    found = set(told("notify")) | set(told("waiting")) | set(told("of_appeal"))
    assert "CRYPTO_RECEIVED" in found
    # Where a flow makes a code of two parts, only the first stands there.
    known = set(notice_words.NOTICES)
    first_parts = {code for code in found if code.endswith("_")}
    assert first_parts == {"MERCHANT_", "WITHDRAWAL_"}
    assert found - first_parts - known == set()
    assert {f"MERCHANT_{answer}" for answer in ("ACCEPTED", "REJECTED")} <= known
    # What is approved is sent next, and that is told.
    silent = {"APPROVED", "PROCESSING", "BROADCAST"}
    assert {f"WITHDRAWAL_{one}" for one in set(states.WithdrawalStatus) - silent} <= known


def test_a_refusal_names_amounts_in_english_and_is_told_in_chinese() -> None:
    refused = Refused("AMOUNT_OUT_OF_LIMITS", 422, "This offer takes 10 to 900 EUR.")
    with translation.override("en"):
        assert wording.refusal(refused) == "This offer takes 10 to 900 EUR."
    with translation.override("zh-hans"):
        assert wording.refusal(refused) == "金额超出广告限额。"
        assert wording.refusal(Refused("UNHEARD_OF", 400, "Do this.")) == "Do this."


@pytest.mark.parametrize(
    ("seconds", "words_"),
    [(45, "45 s"), (240, "4 min"), (7500, "2 h 5 min"), (3600, "1 h"), (200_000, "2 days")],
)
def test_spans_are_told_in_two_units_at_most(seconds: int, words_: str) -> None:
    with translation.override("en"):
        assert wording.span(seconds) == words_
