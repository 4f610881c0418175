"""Who calls: integrators by the API key in `Authorization: Bearer otc_live_…`."""

from dataclasses import dataclass

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.core.errors import Refused
from apps.events.act import Party
from apps.users.models import Scope
from apps.users.queries import AuthenticatedClient, client_for_key

CHALLENGE = 'Bearer realm="otcrisk"'
SCHEME = "bearer"
WRONG_KEY = "This API key is not valid: it is mistyped, expired or revoked."


@dataclass(frozen=True, slots=True)
class Integrator:
    """The caller as request.user: nobody of ours, but somebody."""

    pk: str
    is_authenticated: bool = True
    is_active: bool = True
    is_staff: bool = False


def caller(request: HttpRequest) -> AuthenticatedClient | None:
    """The integrator whose key the request carries; None without a key or with a wrong one."""
    key = key_of(request)
    return client_for_key(key) if key else None


def key_of(request: HttpRequest) -> str:
    """The key in the request's header, "" where there is none."""
    scheme, _, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return key.strip() if scheme.lower() == SCHEME else ""


def needs(client: AuthenticatedClient, scope: str) -> None:
    """Refused unless the caller's key has this scope."""
    if not client.may(scope):
        raise Refused(
            "SCOPE_MISSING",
            status=403,
            detail=f"This API key lacks the scope {scope}: {Scope(scope).label}.",
        )


def party_of(client: AuthenticatedClient) -> Party:
    """The integrator as the entity that its events refer to."""
    return Party("client", "", client.slug)


class ApiKeyAuthentication(BaseAuthentication):
    """DRF's face of the key: request.auth is the AuthenticatedClient."""

    def authenticate(self, request: Request) -> tuple[Integrator, AuthenticatedClient] | None:
        key = key_of(request)
        if not key:
            return None
        client = client_for_key(key)
        if client is None:
            raise AuthenticationFailed(WRONG_KEY)
        return Integrator(pk=f"key:{client.key_id}"), client

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class HasScope(BasePermission):
    """The key has the scope that the view names in `scopes` for this method."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        scopes: dict[str, str] = getattr(view, "scopes", {})
        scope = scopes.get(request.method or "")
        if scope and isinstance(request.auth, AuthenticatedClient):
            needs(request.auth, scope)
        return isinstance(request.auth, AuthenticatedClient)
