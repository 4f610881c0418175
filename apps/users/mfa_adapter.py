"""allauth's second factors under our rules: secrets encrypted, staff keep at least one factor."""

from base64 import b64decode, b64encode

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator

from apps.core import crypto
from apps.users.models import User
from apps.users.second_factor import SECOND_FACTORS

# allauth does not say whose secret it is, so the place can name the column only.
PLACE = "mfa_authenticator.data"


class MfaAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return b64encode(crypto.seal(text.encode(), aad=PLACE)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.open_(b64decode(encrypted_text), aad=PLACE).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        user = authenticator.user
        if not isinstance(user, User) or not user.is_staff:
            return True
        others = Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS)
        return others.exclude(pk=authenticator.pk).exists()
