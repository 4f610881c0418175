"""API keys: their text, their life, and the question the hot endpoint asks of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, InternalError, transaction
from django.db.utils import ProgrammingError

from apps.core.errors import Refused
from apps.users import keys, queries, services
from apps.users.models import ApiKey, Client, Scope

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
DATABASE_SAYS_NO = (InternalError, ProgrammingError, IntegrityError)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    queries.forget_key()


@pytest.fixture
def acme() -> Client:
    return services.add_client(slug="acme", name="Acme Exchange", at=AT)


def issue(client: Client, **how: Any) -> tuple[ApiKey, str]:
    return services.issue_key(client=client, scopes=[Scope.DECISIONS_WRITE], at=AT, **how)


def test_a_key_is_shown_once_and_only_its_digest_is_kept(acme: Client) -> None:
    key, plaintext = issue(acme)
    assert plaintext.startswith(f"otc_live_{key.prefix}_")
    stored = ApiKey.objects.filter(pk=key.pk).values().get()
    secret = plaintext.rpartition("_")[2]
    assert not any(secret in str(value) for value in stored.values())
    assert bytes(stored["digest"]) == keys.digest(plaintext)
    assert secret not in str(key)


def test_two_keys_share_nothing() -> None:
    one, two = keys.make(), keys.make()
    assert one.prefix != two.prefix
    assert one.digest != two.digest


def test_the_pepper_is_part_of_the_digest(acme: Client, settings: Any) -> None:
    _key, plaintext = issue(acme)
    settings.API_PEPPER = b"another pepper of thirty-two bytes!"
    assert queries.client_for_key(plaintext) is None


def test_a_right_key_names_its_client_and_scopes(acme: Client) -> None:
    key, plaintext = issue(acme)
    caller = queries.client_for_key(plaintext, at=AT)
    assert caller is not None
    assert (caller.client_id, caller.slug, caller.key_id) == (acme.pk, "acme", key.pk)
    assert caller.entity_id == acme.entity_id
    assert caller.may("decisions:write")
    assert not caller.may("restrictions:write")


@pytest.mark.parametrize(
    "mangle",
    [
        lambda text: "",
        lambda text: text[:-1],
        lambda text: text + "0",
        lambda text: text.upper(),
        lambda text: text.replace("otc_live_", "otc_test_"),
        lambda text: text[:30] + ("a" if text[30] != "a" else "b") + text[31:],
        lambda text: "ü" * len(text),
        lambda text: "otc_live_" + "x" * (len(text) - 9),
    ],
    ids=["empty", "short", "long", "upper", "mark", "typo", "not ascii", "no separator"],
)
def test_a_malformed_key_is_refused_without_a_query(
    acme: Client, mangle: Any, django_assert_num_queries: Any
) -> None:
    _key, plaintext = issue(acme)
    with django_assert_num_queries(0):
        assert queries.client_for_key(mangle(plaintext)) is None


def test_a_forged_secret_under_a_real_prefix_is_refused(acme: Client) -> None:
    key, plaintext = issue(acme)
    body = f"otc_live_{key.prefix}_{'A' * keys.SECRET_LENGTH}"
    forged = body + keys._checksum(body)
    assert keys.prefix_of(forged) == key.prefix
    assert queries.client_for_key(forged, at=AT) is None
    assert queries.client_for_key(plaintext, at=AT) is not None


def test_every_path_compares_one_digest_in_constant_time(
    acme: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[int, int]] = []
    real = keys.hmac.compare_digest

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((len(a), len(b)))
        return real(a, b)

    monkeypatch.setattr(keys.hmac, "compare_digest", compare)
    key, right = issue(acme)
    body = f"otc_live_{key.prefix}_{'A' * keys.SECRET_LENGTH}"
    for plaintext in (right, body + keys._checksum(body), keys.make().plaintext):
        queries.client_for_key(plaintext, at=AT)
    assert compared == [(32, 32)] * 3


def test_the_second_call_asks_no_database(acme: Client, django_assert_num_queries: Any) -> None:
    _key, plaintext = issue(acme)
    queries.client_for_key(plaintext, at=AT)
    with django_assert_num_queries(0):
        assert queries.client_for_key(plaintext, at=AT) is not None


def test_unknown_keys_are_remembered_too_and_never_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(queries, "REMEMBERED_KEYS", 10)
    unknown = keys.make().plaintext
    assert queries.client_for_key(unknown) is None
    with django_assert_num_queries(0):
        assert queries.client_for_key(unknown) is None
    for _ in range(25):
        queries.client_for_key(keys.make().plaintext)
    assert len(queries._remembered) == 10


def test_a_key_is_used_on_a_day_and_that_is_written_once(
    acme: Client, django_assert_num_queries: Any
) -> None:
    key, plaintext = issue(acme)
    queries.client_for_key(plaintext, at=AT)
    key.refresh_from_db()
    assert key.last_used_on == AT.date()
    queries.forget_key()
    with django_assert_num_queries(1):
        queries.client_for_key(plaintext, at=AT + timedelta(hours=3))
    queries.forget_key()
    queries.client_for_key(plaintext, at=AT + timedelta(days=1))
    key.refresh_from_db()
    assert key.last_used_on == (AT + timedelta(days=1)).date()


def test_a_wrong_secret_leaves_no_trace_of_use(acme: Client) -> None:
    key, _plaintext = issue(acme)
    body = f"otc_live_{key.prefix}_{'A' * keys.SECRET_LENGTH}"
    queries.client_for_key(body + keys._checksum(body), at=AT)
    key.refresh_from_db()
    assert key.last_used_on is None


def test_an_expired_key_ends_to_the_second_even_when_remembered(acme: Client) -> None:
    end = AT + timedelta(seconds=2)
    _key, plaintext = issue(acme, expires_at=end)
    assert queries.client_for_key(plaintext, at=AT) is not None
    assert queries.client_for_key(plaintext, at=end) is None


def test_a_revoked_key_ends_here_at_once(
    acme: Client, django_capture_on_commit_callbacks: Any
) -> None:
    key, plaintext = issue(acme)
    assert queries.client_for_key(plaintext, at=AT) is not None
    with django_capture_on_commit_callbacks(execute=True):
        assert services.revoke_key(key=key, at=AT)
    assert queries.client_for_key(plaintext, at=AT) is None
    assert not services.revoke_key(key=key, at=AT + timedelta(days=1))
    assert key.revoked_at == AT


def test_a_key_revoked_in_another_process_ends_within_five_seconds(
    acme: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, plaintext = issue(acme)
    now = 1000.0
    monkeypatch.setattr(queries.time, "monotonic", lambda: now)
    assert queries.client_for_key(plaintext, at=AT) is not None
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=AT)
    now += 5.0
    assert queries.client_for_key(plaintext, at=AT) is None


def test_a_closed_client_has_no_working_key(acme: Client) -> None:
    _key, plaintext = issue(acme)
    Client.objects.filter(pk=acme.pk).update(is_active=False)
    assert queries.client_for_key(plaintext, at=AT) is None


def test_rotation_lets_both_keys_work_until_the_overlap_ends(
    acme: Client, django_capture_on_commit_callbacks: Any
) -> None:
    old, old_text = issue(acme)
    with django_capture_on_commit_callbacks(execute=True):
        new, new_text = services.rotate_key(key=old, at=AT, overlap=timedelta(hours=1))
    assert new.replaces == old
    assert new.scopes == old.scopes
    during, after = AT + timedelta(minutes=59), AT + timedelta(hours=1)
    assert queries.client_for_key(old_text, at=during) is not None
    assert queries.client_for_key(new_text, at=during) is not None
    assert queries.client_for_key(old_text, at=after) is None
    assert queries.client_for_key(new_text, at=after) is not None


def test_rotation_never_lengthens_the_life_of_the_old_key(acme: Client) -> None:
    end = AT + timedelta(minutes=5)
    old, _text = issue(acme, expires_at=end)
    services.rotate_key(key=old, at=AT, overlap=timedelta(days=30))
    assert old.expires_at == end


def test_a_key_that_ended_has_no_successor(acme: Client) -> None:
    key, _text = issue(acme)
    services.revoke_key(key=key, at=AT)
    with pytest.raises(Refused, match="KEY_ENDED"):
        services.rotate_key(key=key, at=AT)
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"scopes": ["decisions:write", "everything"]}, "UNKNOWN_SCOPE"),
        ({"scopes": []}, "NO_SCOPE"),
        ({"scopes": ["decisions:read"], "expires_at": AT}, "EXPIRED_ALREADY"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_issued(
    acme: Client, how: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        services.issue_key(client=acme, at=AT, **how)
    assert refused.value.code == code
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"scopes": [Scope.RESTRICTIONS_WRITE]},
        {"digest": b"x" * 32},
        {"prefix": "other"},
        {"created_at": AT - timedelta(days=1)},
    ],
)
def test_the_database_refuses_to_change_what_a_key_is(acme: Client, change: dict[str, Any]) -> None:
    key, _text = issue(acme)
    with pytest.raises(DATABASE_SAYS_NO), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(**change)
    key.refresh_from_db()
    assert key.scopes == ["decisions:write"]


def test_the_database_refuses_to_revive_or_drop_a_key(acme: Client) -> None:
    key, _text = issue(acme)
    services.revoke_key(key=key, at=AT)
    with pytest.raises(DATABASE_SAYS_NO), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(revoked_at=None)
    with pytest.raises(DATABASE_SAYS_NO), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).delete()
    assert ApiKey.objects.get(pk=key.pk).revoked_at == AT


@pytest.mark.parametrize("slug", ["desk", "Acme", "-acme", "ac me"])
def test_a_slug_that_can_not_be_a_scope_is_refused(slug: str) -> None:
    with pytest.raises(DATABASE_SAYS_NO), transaction.atomic():
        services.add_client(slug=slug, name="Nobody", at=AT)


def test_a_slug_is_final(acme: Client) -> None:
    with pytest.raises(DATABASE_SAYS_NO), transaction.atomic():
        Client.objects.filter(pk=acme.pk).update(slug="apex")


def test_the_command_line_issues_lists_rotates_and_revokes(capsys: Any) -> None:
    call_command("api_key", "issue", "acme", "--new-client", "Acme", "--scope", "events:write")
    plaintext = capsys.readouterr().out.strip()
    caller = queries.client_for_key(plaintext)
    assert caller is not None
    assert caller.scopes == {"events:write"}
    prefix = keys.prefix_of(plaintext)
    call_command("api_key", "rotate", prefix, "--overlap-hours", "2")
    successor = keys.prefix_of(capsys.readouterr().out.strip())
    call_command("api_key", "revoke", successor)
    capsys.readouterr()
    call_command("api_key", "list", "acme")
    first, second = capsys.readouterr().out.splitlines()
    assert prefix in first
    assert "until" in first
    assert successor in second
    assert "revoked" in second
    assert plaintext not in first + second


def test_the_command_line_says_what_is_missing() -> None:
    with pytest.raises(CommandError, match="--new-client"):
        call_command("api_key", "issue", "nobody")
    with pytest.raises(CommandError, match="no key"):
        call_command("api_key", "revoke", "nothing")
