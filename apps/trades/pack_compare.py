"""Whether the books still say what a pack said."""

from collections.abc import Iterator
from typing import Any

#: What may be different of the same rows later; a list may grow, and nothing may become something.
GROWS = frozenset(
    {"desk", "status", "state", "pay_until", "nickname", "legal_name", "email", "country"}
    | {"identity_checked", "is_live", "erased", "paid_reverted", "third_party_reported", "agent"}
    | {"outcome", "outcome_reason", "fault", "finding", "decided_at"}
)


def differences(then: Any, now: Any, *, where: str = "") -> Iterator[str]:
    """What a document said that the desk's rows no longer say, as paths."""
    if isinstance(then, dict) and isinstance(now, dict):
        for name, value in then.items():
            if name not in GROWS:
                yield from differences(value, now.get(name), where=f"{where}.{name}".strip("."))
    elif isinstance(then, list) and isinstance(now, list):
        found = {_name(row): row for row in now}
        for row in then:
            path = f"{where}[{_name(row)}]"
            if _name(row) not in found:
                yield f"{path} is gone"
            else:
                yield from differences(row, found[_name(row)], where=path)
    elif then is not None and then != now:
        yield where


def _name(row: Any) -> str:
    if not isinstance(row, dict):
        return str(row)
    names = ("id", "seq", "account")
    return "/".join(str(row[name]) for name in names if name in row) + str(row.get("owner", ""))
