"""Entities in addresses: a signed 64-bit id as 16 hexadecimal digits."""

from apps.events.models import Entity


class EntityId:
    """Path converter: 'ffffffffffffffff' ↔ -1."""

    regex = "[0-9a-f]{16}"

    def to_python(self, value: str) -> int:
        number = int(value, 16)
        return number - 2**64 if number >= 2**63 else number

    def to_url(self, value: int | Entity) -> str:
        number = value.id if isinstance(value, Entity) else value
        return f"{number % 2**64:016x}"


def shown(kind: str, ref: str) -> str:
    """Return what an analyst reads of a reference: of a payment account only the beginning."""
    if kind == "account":
        return f"{ref[:10]}…" if len(ref) > 10 else ref
    if kind == "pair":
        return ref.replace("|", " ↔ ")
    return ref
