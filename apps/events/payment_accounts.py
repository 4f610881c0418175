"""The name under which a payment account is known: a keyed hash of its number, never the number."""

import unicodedata

from apps.core.crypto import blind_index
from apps.events.act import Party

PURPOSE = "payment_account"


def account_party(number: str) -> Party:
    """The entity of the payment account with this number, IBAN, e-mail address, phone or token."""
    return Party("account", "", account_index(number))


def account_index(number: str) -> str:
    """The keyed hash (64 hex digits) of a number, however it is spaced or capitalised."""
    return blind_index(_normalised(number), purpose=PURPOSE)


def _normalised(number: str) -> str:
    text = "".join(unicodedata.normalize("NFKC", number).split()).upper()
    # In a number hyphens are spacing; in an e-mail address they are not.
    return text if "@" in text else text.replace("-", "")
