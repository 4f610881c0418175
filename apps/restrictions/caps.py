"""What a cap bounds: new value. Whoever holds an open order must be able to finish it."""

#: A cap on "all" bounds these: signing in has no amount, and a release ends a deal.
NEW_VALUE = frozenset({"take_buy", "take_sell", "withdraw"})


def bounds(*, cap_on: str, ability: str) -> bool:
    """Return whether a cap on `cap_on` bounds an act that uses `ability`."""
    return cap_on == ability or (cap_on == "all" and ability in NEW_VALUE)
