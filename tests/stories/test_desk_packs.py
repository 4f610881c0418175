"""The record of an order to take along: what it says to whom, and that no change goes unseen."""

import ast
import io
import json
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from gettext import GNUTranslations
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from apps.core.errors import Refused
from apps.events import proof, seals
from apps.events.models import Event
from apps.flows import chat, packs
from apps.flows.packs import Pack
from apps.flows.privacy import Ground
from apps.risk.models import Decision
from apps.trades import pack_signing, pack_verify, pack_words
from apps.trades.models import Order
from apps.trades.pack import shortened
from apps.trades.pack_verify import Finding
from apps.users.roles import Role
from tests.appeals import FINDING, STATEMENT, Court
from tests.desk import Desk
from tests.staff import colleague, signed_in

TRADES = settings.BASE_DIR / "apps" / "trades"
SECRET_LINE = "My card ends in 4242, call me"


def traded(desk: Desk) -> Order:
    """Bob has bought from Zhang Wei, who is alice; they have written to each other."""
    desk.person("alice", legal_name="张伟")
    desk.person("bob", legal_name="Łukasz Źródło")
    order = desk.order(step="PAID")
    chat.say(actor=order.buyer, order=order, text=SECRET_LINE, at=desk.now)
    chat.say(actor=order.seller, order=order, text="钱到了，谢谢", at=desk.now)
    desk.pass_time(minutes=5)
    return desk.calm(lambda: desk.releases(order)).order


def made(desk: Desk, order: Order, *, by: str = "bob", **words: Any) -> Pack:
    return packs.make(actor=desk.person(by), order=order, at=desk.now, **words)


def content(pack: Pack) -> dict[str, Any]:
    return json.loads(pack.json)["pack"]


def found(data: bytes, *, keys: list[dict[str, str]] | None = None) -> list[Finding]:
    return pack_verify.check(data, keys=keys or pack_signing.published_keys())


def broken(data: bytes) -> set[str]:
    return {one.what for one in found(data) if one.verdict == "BROKEN"}


def signed(pack: dict[str, Any]) -> bytes:
    """What the desk would have signed, had its rows said this."""
    signature = pack_signing.sign(pack_verify.signed_bytes(pack))
    wrapper = {"format": pack_verify.FORMAT, "pack": pack, "signature": signature}
    return pack_verify.canonical(wrapper)


def test_bob_takes_the_record_of_a_trade_to_his_bank(committed_p2p: Desk) -> None:
    order = traded(committed_p2p)
    seals.seal(at=committed_p2p.now)
    pack = made(committed_p2p, order)
    said = content(pack)

    assert said["order"]["number"] == order.number
    assert (said["order"]["amount"], said["order"]["fiat_amount"]) == ("100", "93")
    assert said["payment"]["payer"]["holder"] == "Łukasz Źródło"
    assert said["payment"]["payee"]["holder"] == "张伟"
    assert [step["after"] for step in said["steps"]] == [
        "AWAITING_PAYMENT",
        "PAID",
        "RELEASING",
        "COMPLETED",
    ]
    assert [entry["kind"] for entry in said["ledger"]] == ["J1_HOLD", "J2_RELEASE"]
    assert [line["seq"] for line in said["messages"]] == [1, 2, 3, 4, 5]
    assert {event["kind"] for event in said["events"]} == {
        "order.created",
        "order.paid",
        "order.released",
        "order.completed",
    }
    for data in pack:
        assert {one.verdict for one in found(data)} == {"OK"}
    assert {one.what for one in found(pack.pdf)} == {
        "signature",
        "pages",
        "chat",
        "ledger",
        "seals",
        "events",
    }


def test_each_side_sees_its_own_account_in_full(p2p: Desk) -> None:
    order = traded(p2p)
    payer, payee = p2p.account("bob").number, p2p.account("alice").number
    bobs, alices = content(made(p2p, order)), content(made(p2p, order, by="alice"))

    # Bob was told where to pay; alice sees who paid, and the end of the number.
    assert (bobs["payment"]["payee"]["number"], bobs["payment"]["payer"]["number"]) == (
        payee,
        payer,
    )
    assert alices["payment"]["payer"]["number"] == shortened(payer)
    assert payer not in json.dumps(alices)
    assert alices["parties"]["buyer"]["legal_name"] == "Łukasz Źródło"
    assert (alices["parties"]["buyer"]["email"], bobs["parties"]["seller"]["email"]) == (None, None)
    assert bobs["parties"]["buyer"]["email"] == "bob@example.org"


def test_who_was_never_told_whom_to_pay_does_not_learn_it_here(p2p: Desk) -> None:
    p2p.funds("alice")
    ad = p2p.ad("alice")
    order = p2p.judged("REVIEW", lambda: p2p.opens("bob", ad)).order
    pack = made(p2p, order)
    assert content(pack)["payment"]["payee"] == {"holder": None, "bank": None, "number": None}
    assert p2p.account("alice").number not in pack.json.decode()


@pytest.mark.parametrize(
    ("number", "short"),
    [("DE02 1234 5678", "…5678"), ("12345678", "…5678"), ("1234", "…34"), ("7", "…"), (None, None)],
)
def test_a_short_number_is_not_given_away_by_its_end(number: str | None, short: str | None) -> None:
    assert shortened(number) == short


def test_words_stay_out_unless_they_are_asked_for(p2p: Desk) -> None:
    order = traded(p2p)
    without, with_ = made(p2p, order), made(p2p, order, with_texts=True)
    assert SECRET_LINE not in without.json.decode()
    assert SECRET_LINE not in text_of(without.pdf)
    assert [line["text"] for line in content(with_)["messages"]][2:4] == [
        SECRET_LINE,
        "钱到了，谢谢",
    ]
    assert "call me" in text_of(with_.pdf)
    assert broken(with_.json) == broken(without.json) == set()


def test_a_check_is_told_to_whom_it_fell_on_and_in_their_words(p2p: Desk) -> None:
    order = p2p.order(step="PAID")
    p2p.judged("REVIEW", lambda: p2p.releases(order))
    bobs, alices = content(made(p2p, order)), content(made(p2p, order, by="alice"))

    release = next(one for one in alices["checks"] if one["checkpoint"] == "CP3")
    assert (release["outcome"], release["of"]) == ("REVIEW", "SELLER")
    assert release["told"]
    hidden = next(one for one in bobs["checks"] if one["checkpoint"] == "CP3")
    assert (hidden["outcome"], hidden["told"]) == (None, None)
    assert [step["reason"] for step in alices["steps"] if step["after"] == "RELEASING"] == [
        "REVIEW"
    ]
    assert [step["reason"] for step in bobs["steps"] if step["after"] == "RELEASING"] == [None]
    # What helps evasion stays out.
    decision = Decision.objects.get(pk=order.steps.get(after="RELEASING").event)
    for told in (bobs, alices):
        words = json.dumps(told)
        assert all(code not in words for code in (*decision.reasons, "score", "rule", "weights"))


def test_an_appeal_stands_there_with_what_it_was_decided_on(p2p: Desk) -> None:
    court = Court(p2p)
    order = court.paid()
    appeal = court.heard(court.opens(order))
    court.decides(appeal)
    said = content(made(p2p, order))

    (told,) = said["appeals"]
    assert (told["by"], told["reason"]) == ("BUYER", "PAID_NOT_RELEASED")
    assert (told["outcome"], told["fault"], told["finding"]) == ("RELEASE", "SELLER", FINDING)
    assert told["agent"] == court.member("sam").nickname
    assert "statement" not in told
    assert STATEMENT not in json.dumps(said)
    assert [item["by"] for item in said["evidence"]] == ["SELLER", "BUYER"]
    acts = {(event["kind"], event["by"]) for event in said["events"]}
    assert {("appeal.opened", "BUYER"), ("appeal.taken", "STAFF")} <= acts
    assert "Decided" in text_of(made(p2p, order).pdf)


def test_what_two_have_not_agreed_on_is_nobodys_to_read(p2p: Desk, settings: Any) -> None:
    settings.APPEAL_SECOND_PAIR_USD = "1"
    court = Court(p2p)
    order = court.paid()
    court.decides(court.heard(court.opens(order)))
    pack = made(p2p, order).json.decode()
    assert FINDING not in pack
    assert "appeal.proposed" not in pack


def test_every_flipped_byte_of_either_file_is_found(p2p: Desk) -> None:
    pack = made(p2p, traded(p2p))
    for data in pack:
        for at in range(0, len(data), max(1, len(data) // 97)):
            changed = bytearray(data)
            changed[at] ^= 1
            assert broken(bytes(changed)), f"byte {at} of {len(data)}"


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a line is taken out": (lambda p: p["messages"].pop(2), "chat"),
    "the last line is another": (lambda p: p["messages"][-1].update(code="ORDER_ENDED"), "chat"),
    "a text is another": (lambda p: p["messages"][2].update(text="I never paid"), "chat"),
    "somebody else wrote it": (
        lambda p: p["messages"][2].update(sender_id=p["parties"]["seller"]["id"]),
        "chat",
    ),
    "a digest is another": (lambda p: p["messages"][1].update(digest="0" * 64), "chat"),
    "an amount is another": (
        lambda p: p["ledger"][1]["postings"][0].update(amount="-1000"),
        "ledger",
    ),
    "an act is another": (lambda p: p["events"][0].update(digest="0" * 64), "events"),
    "an act is under no seal": (lambda p: p["events"][0].update(seal=999), "events"),
    "an act was taken from its batch": (lambda p: p["seals"][0]["events"].pop(0), "seals"),
    "a root is another": (lambda p: p["seals"][0].update(root="0" * 64), "seals"),
    "a seal follows another": (lambda p: p["seals"][0].update(previous="1" * 64), "seals"),
    "it has no ledger": (lambda p: p.pop("ledger"), "file"),
}


def test_not_even_the_desk_can_sign_a_record_that_contradicts_itself(committed_p2p: Desk) -> None:
    order = traded(committed_p2p)
    seals.seal(at=committed_p2p.now)
    pack = content(made(committed_p2p, order, with_texts=True))
    assert broken(signed(pack)) == set()
    for change, (how, what) in CHANGES.items():
        other = deepcopy(pack)
        how(other)
        assert what in broken(signed(other)), change


def test_the_signature_is_over_every_word(p2p: Desk) -> None:
    wrapper = json.loads(made(p2p, traded(p2p)).json)
    changes: tuple[Callable[[dict[str, Any]], Any], ...] = (
        lambda p: p["order"].update(amount="1000"),
        lambda p: p["payment"]["payer"].update(holder="Mallory"),
        lambda p: p["steps"].pop(),
        lambda p: p["checks"].clear(),
        lambda p: p.update(made_for="STAFF"),
    )
    for number, change in enumerate(changes):
        other = deepcopy(wrapper)
        change(other["pack"])
        assert broken(pack_verify.canonical(other)) == {"signature"}, number


def test_another_desks_key_proves_nothing(p2p: Desk) -> None:
    pack = made(p2p, traded(p2p))
    public = "11" * 32
    other = [{"id": pack_verify.key_id(bytes.fromhex(public)), "public_key": public}]
    assert {one.what for one in found(pack.pdf, keys=other) if one.verdict == "BROKEN"} == {
        "signature",
        "pages",
    }


def test_a_key_that_claims_another_keys_name_is_not_believed(p2p: Desk) -> None:
    pack = made(p2p, traded(p2p))
    name = json.loads(pack.json)["signature"]["key"]
    assert not pack_verify.holds(found(pack.json, keys=[{"id": name, "public_key": "11" * 32}]))


def test_a_pack_outlives_the_key_that_signed_it(p2p: Desk, settings: Any) -> None:
    pack = made(p2p, traded(p2p))
    old = pack_signing.published_keys()[0]["public_key"]
    settings.PACK_SIGNING_KEY, settings.PACK_RETIRED_KEYS = "ab" * 32, [old]
    assert [key["status"] for key in pack_signing.published_keys()] == ["CURRENT", "RETIRED"]
    signature = found(pack.json)[0]
    assert (signature.verdict, "no longer in use" in signature.sentence) == ("OK", True)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "not JSON"),
        (b"%PDF-1.7\n%%EOF\n", "carries no record"),
        (b'{"format": 1}', "not a traceability pack"),
        (b'{"a": 1, "a": 2}', "stands twice"),
        (b'{"format":"otcrisk-pack/1","pack":{"x":1.5},"signature":{}}', "has no place"),
        (b'{"format":"otcrisk-pack/9","pack":{},"signature":{}}', "newer verifier"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_what_is_no_pack_is_told_so(data: bytes, sentence: str) -> None:
    (only,) = pack_verify.check(data, keys=[])
    assert only.verdict == "BROKEN"
    assert sentence in only.sentence


def test_what_is_not_sealed_yet_says_so(committed_p2p: Desk) -> None:
    order = traded(committed_p2p)
    before = made(committed_p2p, order)
    assert {event["state"] for event in content(before)["events"]} == {"PENDING"}
    assert [one.what for one in found(before.json) if one.verdict == "OPEN"] == ["events"]
    assert pack_verify.holds(found(before.json))

    seals.seal(at=committed_p2p.now)
    after = content(made(committed_p2p, order))
    sealed = [event for event in after["events"] if event["kind"].startswith("order.")]
    assert {event["state"] for event in sealed} == {"SEALED"}


def test_a_batch_too_large_to_hand_out_is_proven_on_request(
    committed_p2p: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = traded(committed_p2p)
    seals.seal(at=committed_p2p.now)
    monkeypatch.setattr(proof, "MOST_DIGESTS", 2)
    pack = made(committed_p2p, order)
    assert [seal["events"] for seal in content(pack)["seals"]] == [None]
    assert [one.what for one in found(pack.json) if one.verdict == "OPEN"] == ["seals"]


def text_of(pdf: bytes) -> str:
    pages = PdfReader(io.BytesIO(pdf)).pages
    # It reads the wide characters of a second font with a zero before each.
    return "\n".join(page.extract_text().replace("\x00", "") for page in pages)


def test_the_pages_can_be_read_and_carry_the_same_record(p2p: Desk) -> None:
    order = traded(p2p)
    pack = made(p2p, order)
    reader, text = PdfReader(io.BytesIO(pack.pdf)), text_of(pack.pdf)
    solid = "".join(text.split())
    for words in (order.number, "Łukasz Źródło", "张伟", "93.00 EUR", "SEPA Instant"):
        assert "".join(words.split()) in solid
    assert f"page {len(reader.pages)} of {len(reader.pages)}" in text
    assert pack_verify.digest(content(pack)) in solid
    assert reader.attachments[f"{order.number}.json"] == [pack.json]


def test_who_reads_chinese_reads_it_in_chinese(p2p: Desk) -> None:
    order = traded(p2p)
    p2p.person("alice").locale = "zh-hans"
    solid = "".join(text_of(made(p2p, order, by="alice").pdf).split())
    assert "付款" in solid
    assert "Thepayment" not in solid


def test_every_word_of_the_pages_is_there_in_chinese() -> None:
    said = {
        str(node.args[0].value)
        for name in ("pack_pdf", "pack_pdf_proof", "pack_words")
        for node in ast.walk(ast.parse((TRADES / f"{name}.py").read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("_", "say")
        and isinstance(node.args[0], ast.Constant)
    }
    said |= {str(label) for choices in pack_words.CHOICES for label in choices.labels}
    catalogue = TRADES / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.mo"
    with catalogue.open("rb") as compiled:
        chinese = GNUTranslations(compiled)
    assert {words for words in said if chinese.pgettext("record", words) == words} == set()


def test_letters_that_need_shaping_are_spelled_in_latin_ones(p2p: Desk) -> None:
    p2p.person("alice", legal_name="محمد علي")
    pack = made(p2p, p2p.order(step="PAID"))
    assert "محمد علي" in pack.json.decode()
    assert "spelled in Latin" in " ".join(text_of(pack.pdf).split())


def test_a_strangers_request_finds_nothing(p2p: Desk) -> None:
    order = traded(p2p)
    with pytest.raises(Refused) as refused:
        made(p2p, order, by="mallory")
    assert (refused.value.code, refused.value.status) == ("NO_SUCH_ORDER", 404)
    assert not Event.objects.filter(kind=packs.MADE).exists()


def test_compliance_makes_one_for_the_police_and_an_analyst_does_not(p2p: Desk) -> None:
    order = traded(p2p)
    words: dict[str, Any] = {"order": order, "ground": Ground.AUTHORITY, "at": p2p.now}
    with pytest.raises(Refused) as refused:
        packs.make_for_authority(by=colleague(Role.ANALYST), **words)
    assert refused.value.code == "NOT_PERMITTED"
    with pytest.raises(Refused) as refused:
        packs.make_for_authority(by=colleague(Role.SENIOR), **(words | {"ground": Ground.OWN}))
    assert refused.value.code == "WRONG_GROUND"

    said = content(packs.make_for_authority(by=colleague(Role.COMPLIANCE), **words))
    assert said["made_for"] == "STAFF"
    assert said["payment"]["payer"]["number"] == p2p.account("bob").number
    assert said["parties"]["seller"]["email"] == "alice@example.org"
    assert Event.objects.get(kind=packs.MADE).data["ground"] == "AUTHORITY"


def test_making_one_is_on_record_and_the_other_side_does_not_learn_of_it(p2p: Desk) -> None:
    order = traded(p2p)
    first = content(made(p2p, order))
    event = Event.objects.get(kind=packs.MADE)
    assert event.data["pack"] == first["id"]
    assert event.user_id == p2p.person("bob").entity_id
    assert not {"Łukasz Źródło", "张伟"} & {str(value) for value in event.data.values()}

    alices = content(made(p2p, order, by="alice"))
    assert packs.MADE not in {one["kind"] for one in alices["events"]}


def test_nobody_talks_the_release_out_of_the_record(
    p2p: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "MOST_EVENTS", 4)
    order = traded(p2p)
    for number in range(5):
        chat.say(actor=order.buyer, order=order, text=f"{number}", at=p2p.now)
    kinds = [event["kind"] for event in content(made(p2p, order, by="alice"))["events"]]
    assert kinds == ["order.created", "order.paid", "order.released", "order.completed"]


def test_not_everybody_at_once(p2p: Desk) -> None:
    order = p2p.order()
    for _ in range(packs.BURST):
        made(p2p, order)
    with pytest.raises(Refused) as refused:
        made(p2p, order)
    assert (refused.value.code, refused.value.status) == ("TOO_MANY_PACKS", 429)
    p2p.pass_time(seconds=packs.EVERY_S)
    assert made(p2p, order).json


def test_it_costs_the_same_however_long_the_chat_is(committed_p2p: Desk) -> None:
    order = traded(committed_p2p)

    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            made(committed_p2p, order)
        return len(seen)

    made(committed_p2p, order)  # compiles the policy
    first = statements()
    for number in range(20):
        chat.say(actor=order.buyer, order=order, text=f"{number}", at=committed_p2p.now)
    assert statements() == first <= 16


def run(path: Path, *options: str) -> tuple[int, str]:
    """The command's exit code and what it said."""
    out = io.StringIO()
    try:
        call_command("verify_pack", str(path), *options, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_the_command_asks_the_books_too(committed_p2p: Desk, tmp_path: Path) -> None:
    order = committed_p2p.order(step="PAID")
    file = tmp_path / "pack.pdf"
    file.write_bytes(made(committed_p2p, order).pdf)
    assert run(file)[0] == 0
    # The order goes on, and is sealed: nothing that was said becomes wrong by it.
    chat.say(actor=order.buyer, order=order, text="Paid", at=committed_p2p.now)
    committed_p2p.calm(lambda: committed_p2p.releases(order))
    seals.seal(at=committed_p2p.now)
    code, said = run(file, "--against-database")
    assert (code, "still say the same" in said) == (0, True), said

    Order.objects.filter(pk=order.pk).update(payee_bank="Another Bank")
    code, said = run(file, "--against-database")
    assert (code, "payment.payee.bank" in said) == (1, True)


def test_the_command_does_not_believe_a_changed_file(p2p: Desk, tmp_path: Path) -> None:
    file = tmp_path / "pack.json"
    file.write_bytes(
        made(p2p, traded(p2p)).json.replace(b'"fiat_amount":"93"', b'"fiat_amount":"94"')
    )
    code, said = run(file)
    assert code == 1
    assert "changed after the desk signed" in said
    assert "does NOT hold" in said


def test_anyone_can_check_with_one_file_and_no_desk(p2p: Desk, tmp_path: Path) -> None:
    pack = made(p2p, traded(p2p))
    (tmp_path / "keys.json").write_text(json.dumps({"keys": pack_signing.published_keys()}))
    (tmp_path / "pack.pdf").write_bytes(pack.pdf)
    program = TRADES / "pack_verify.py"
    (tmp_path / "pack_verify.py").write_bytes(program.read_bytes())

    def verify() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "pack_verify.py", "pack.pdf", "--keys", "keys.json"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={})

    done = verify()
    assert (done.returncode, "what the desk signed" in done.stdout) == (0, True), done.stderr
    (tmp_path / "pack.pdf").write_bytes(pack.pdf.replace(b"\n%%EOF", b"\n%%EOE"))
    done = verify()
    assert (done.returncode, "the pages changed" in done.stdout) == (1, True)


def test_the_keys_are_for_everybody_and_the_file_for_its_parties(p2p: Desk) -> None:
    order = traded(p2p)
    keys = Client().get("/.well-known/otcrisk-pack-keys.json")
    assert keys.json() == {"keys": pack_signing.published_keys()}

    url = f"/orders/{order.pk}/pack.json"
    assert Client().post(url).status_code == 302
    assert signed_in(p2p.person("mallory")).post(url).status_code == 404
    got = signed_in(p2p.person("bob")).post(url)
    assert (got.status_code, got["Content-Type"]) == (200, "application/json")
    assert broken(got.content) == set()
