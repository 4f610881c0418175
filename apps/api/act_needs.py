"""What an act of each kind can't do without: a decision on half an act would be half a decision."""

from collections.abc import Mapping

#: Fields by kind, beside `user`, which every kind needs but a failed sign-in.
NEEDS: dict[str, tuple[str, ...]] = {
    "device.registered": ("device",),
    "account.added": ("account",),
    "address.added": ("address",),
    # Whether the user buys or sells says which ability the order uses.
    "order.created": ("counterparty", "amount_usd", "signals.side"),
    "order.paid": ("amount_usd",),
    "order.released": ("amount_usd",),
    "order.completed": ("amount_usd",),
    "deposit.confirmed": ("amount_usd",),
    "withdrawal.requested": ("amount_usd", "address"),
    "withdrawal.completed": ("amount_usd",),
    "rating.given": ("counterparty", "signals.rating_positive"),
    "user.reported": ("counterparty",),
}
WITHOUT_USER = frozenset({"signin.failed"})
#: Whom an act without user is counted for.
ORIGIN = ("device", "ip")


def lacking(kind: str, given: Mapping[str, object]) -> dict[str, list[str]]:
    """Messages by field for what is missing; `given` holds fields and `signals.name`s."""
    found = {
        name: [f"{kind} needs this field."] for name in NEEDS.get(kind, ()) if name not in given
    }
    if "user" not in given:
        if kind not in WITHOUT_USER:
            found["user"] = [f"{kind} needs this field."]
        elif not any(name in given for name in ORIGIN):
            found["user"] = [f"{kind} needs a user, a device or an ip."]
    elif given["user"] == given.get("counterparty"):
        found["counterparty"] = ["Nobody is their own counterparty."]
    return found
