"""Model fields whose column holds a sealed value; it is opened when read from its instance.

The place that a value is sealed for holds the primary key, so that key must be known before the
first save (a uuid). `values()`, `update()` and lookups see no plaintext and accept none.
"""

from typing import TYPE_CHECKING, Any, cast

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from apps.core import crypto

if TYPE_CHECKING:
    _Field = models.Field[Any, Any]
else:
    _Field = models.Field


class Sealed(bytes):
    """A column's value as stored; printing it shows nothing."""

    def __repr__(self) -> str:
        return "<sealed>"

    __str__ = __repr__


class SealedAttribute(DeferredAttribute):
    """Opens the value for the row it was loaded with, at each access."""

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is None or not isinstance(value, Sealed):
            return value
        return cast(SealedField, self.field).opened(value, instance)

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class SealedField(_Field):
    """A bytea column; subclasses say how a value becomes bytes and back."""

    descriptor_class = SealedAttribute
    empty_strings_allowed = False

    def encode(self, value: Any) -> bytes:
        raise NotImplementedError

    def decode(self, plaintext: bytes) -> Any:
        raise NotImplementedError

    def get_internal_type(self) -> str:
        return "BinaryField"

    def place(self, pk: Any) -> str:
        """What a value of this field is sealed for, in the row with this primary key."""
        if pk is None:
            raise TypeError(f"{self.model.__name__}.{self.name} needs the row's key before saving")
        return f"{self.model._meta.db_table}.{self.column}:{pk}"

    def opened(self, sealed: Sealed, instance: models.Model) -> Any:
        """The plaintext of a value in the row of `instance`; Unreadable if it isn't its own."""
        return self.decode(crypto.open_(bytes(sealed), aad=self.place(instance.pk)))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname)
        if value is None or isinstance(value, Sealed):
            return value
        return Sealed(crypto.seal(self.encode(value), aad=self.place(model_instance.pk)))

    def get_prep_value(self, value: Any) -> Any:
        if value is None or isinstance(value, Sealed):
            return value
        raise TypeError(f"{self.name} is encrypted: set it on an instance and save that")

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        value = self.get_prep_value(value)
        return None if value is None else connection.Database.Binary(bytes(value))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Sealed | None:
        return None if value is None else Sealed(value)

    def get_lookup(self, lookup_name: str) -> Any:
        # Equal texts have unequal ciphertexts: whatever compares needs a blind index.
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError(f"{self.name} is encrypted and never written to a fixture")


class EncryptedTextField(SealedField):
    """Text that is encrypted in its column."""

    def encode(self, value: Any) -> bytes:
        if not isinstance(value, str):
            raise TypeError(f"{self.name} takes text")
        return value.encode()

    def decode(self, plaintext: bytes) -> str:
        return plaintext.decode()


class EncryptedBytesField(SealedField):
    """Bytes that are encrypted in their column."""

    def encode(self, value: Any) -> bytes:
        return bytes(value)

    def decode(self, plaintext: bytes) -> bytes:
        return plaintext


def sealed_fields() -> list[SealedField]:
    """Every encrypted field of every installed model, in a stable order."""
    from django.apps import apps

    found = [
        field
        for model in apps.get_models()
        if not model._meta.proxy and model._meta.managed
        for field in model._meta.local_fields
        if isinstance(field, SealedField)
    ]
    return sorted(found, key=lambda field: (field.model._meta.db_table, field.column))
