"""Encrypted columns: plain on the instance, closed in the table, bound to their row."""

from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.core.management import CommandError, call_command
from django.core.serializers import serialize
from django.db import connection, models
from django.test.utils import isolate_apps
from pytest_django import Settings

from apps.core import crypto
from apps.core.fields import EncryptedBytesField, EncryptedTextField
from apps.core.ids import uuid7
from apps.core.management.commands import rotate_fields

pytestmark = pytest.mark.django_db

OLD, NEW = b"o" * 32, b"n" * 32

with isolate_apps("apps.core"):

    class Payee(models.Model):
        id = models.UUIDField(primary_key=True, default=uuid7)
        name = EncryptedTextField(null=True)
        template = EncryptedBytesField(null=True)

        class Meta:
            app_label = "core"

    class Numbered(models.Model):
        name = EncryptedTextField()

        class Meta:
            app_label = "core"


@pytest.fixture(autouse=True)
def tables() -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Payee)
        editor.create_model(Numbered)


def stored(column: str = "name") -> list[bytes]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM core_payee ORDER BY id")
        return [bytes(value) for (value,) in cursor.fetchall()]


def test_the_instance_reads_text_and_the_table_holds_none() -> None:
    made = Payee.objects.create(name="Zhang Wei", template=b"\x00\x01")
    assert made.name == "Zhang Wei"
    loaded = Payee.objects.get(pk=made.pk)
    assert (loaded.name, loaded.template) == ("Zhang Wei", b"\x00\x01")
    assert b"Zhang" not in stored()[0]


def test_nothing_and_empty_text_stay_what_they_are() -> None:
    Payee.objects.bulk_create([Payee(name=None), Payee(name="")])
    assert [payee.name for payee in Payee.objects.order_by("id")] == [None, ""]
    assert Payee.objects.filter(name__isnull=True).count() == 1


def test_a_value_swapped_with_another_rows_stays_closed() -> None:
    first, second = (Payee.objects.create(name=name) for name in ("Alice", "Bob"))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_payee p SET name = q.name FROM core_payee q WHERE p.id <> q.id")
    for payee in (first, second):
        with pytest.raises(crypto.Unreadable):
            _ = Payee.objects.get(pk=payee.pk).name


def test_a_value_moved_to_another_column_stays_closed() -> None:
    made = Payee.objects.create(name="Alice")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_payee SET template = name")
    with pytest.raises(crypto.Unreadable):
        _ = Payee.objects.get(pk=made.pk).template


def test_a_value_that_nobody_touched_is_not_sealed_again() -> None:
    made = Payee.objects.create(name="Alice")
    before = stored()
    loaded = Payee.objects.get(pk=made.pk)
    assert loaded.name == "Alice"
    loaded.save()
    assert stored() == before


def test_changing_deferring_and_refreshing_work_as_with_any_field() -> None:
    made = Payee.objects.create(name="Alice")
    loaded = Payee.objects.defer("name").get(pk=made.pk)
    assert loaded.name == "Alice"
    loaded.name = "Alicia"
    loaded.save(update_fields=["name"])
    made.refresh_from_db()
    assert made.name == "Alicia"


def test_no_query_compares_or_sets_it() -> None:
    Payee.objects.create(name="Alice")
    with pytest.raises(FieldError, match="Unsupported lookup"):
        Payee.objects.filter(name="Alice").exists()
    with pytest.raises(TypeError, match="save that"):
        Payee.objects.update(name="Bob")


def test_values_and_fixtures_show_no_plaintext() -> None:
    made = Payee.objects.create(name="Alice")
    row = Payee.objects.values("name").get()
    assert "Alice" not in str(row)
    assert "sealed" in str(row)
    with pytest.raises(TypeError, match="never written to a fixture"):
        serialize("json", [made])


def test_a_row_needs_its_key_before_it_is_saved() -> None:
    with pytest.raises(TypeError, match="row's key before saving"):
        Numbered.objects.create(name="Alice")


def test_only_text_is_taken_for_text() -> None:
    with pytest.raises(TypeError, match="takes text"):
        Payee.objects.create(name=42)


@pytest.fixture
def rotation(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Twenty values under the old key, and a ring whose current key is new."""
    settings.FIELD_KEYS = {"old": OLD}
    Payee.objects.bulk_create(Payee(name=f"payee {n}") for n in range(20))
    settings.FIELD_KEYS = {"new": NEW, "old": OLD}
    fields = [Payee._meta.get_field("name"), Payee._meta.get_field("template")]
    monkeypatch.setattr(rotate_fields, "sealed_fields", lambda: fields)

    def run(**options: Any) -> str:
        out = StringIO()
        call_command("rotate_fields", stdout=out, stderr=out, **options)
        return out.getvalue()

    return run


def test_rotation_seals_every_value_under_the_new_key(rotation: Any, settings: Settings) -> None:
    said = rotation(batch=7)
    assert "core_payee.name: 20 of 20" in said
    assert not any(crypto.needs_rotation(blob) for blob in stored())
    settings.FIELD_KEYS = {"new": NEW}
    names = {payee.name for payee in Payee.objects.all()}
    assert names == {f"payee {n}" for n in range(20)}


def test_a_rotation_that_was_stopped_goes_on_where_it_was(rotation: Any) -> None:
    half = rotate_fields.Rotation(field=Payee._meta.get_field("name"))
    assert half.step(batch=12) == 12
    done = stored()[:12]
    assert "core_payee.name: 8 of 8" in rotation(batch=7)
    assert stored()[:12] == done
    assert "core_payee.name: 0 of 0" in rotation(batch=7)


def test_rotation_leaves_and_reports_what_it_cannot_open(rotation: Any) -> None:
    victim = Payee.objects.order_by("id")[3]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_payee SET name = set_byte(name, 30, get_byte(name, 30) # 1) WHERE id = %s",
            [victim.pk],
        )
    before = stored()[3]
    with pytest.raises(CommandError, match="1 values"):
        rotation(batch=7)
    after = stored()
    assert after[3] == before
    assert sum(crypto.needs_rotation(blob) for blob in after) == 1


def test_rotation_leaves_what_a_persons_own_key_sealed(rotation: Any) -> None:
    payee = Payee.objects.create(name=None)
    own = crypto.seal(b"\x01", aad="anything", key=crypto.new_key())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_payee SET name = %s WHERE id = %s", [own, payee.pk])
    rotation()
    assert stored()[-1] == own
