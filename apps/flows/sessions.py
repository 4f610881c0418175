"""Whoever may no longer sign in is signed out everywhere, in the transaction that says so."""

from collections.abc import Iterable
from uuid import UUID

from apps.events.act import Party
from apps.restrictions.models import Ability, Kind
from apps.restrictions.write import Imposition
from apps.users import services
from apps.users.models import DESK, User

SHUTS_OUT = frozenset({Ability.LOGIN, Ability.ALL})


def shuts_out(*, kind: str, ability: str) -> bool:
    """Whether a restriction leaves nobody signed in."""
    return kind == Kind.DENY and ability in SHUTS_OUT


def end(person: Party) -> int:
    """End the sessions of one of our own people, browsers and apps; how many."""
    if (person.kind, person.scope) != ("user", DESK) or not _is_id(person.ref):
        return 0
    return sum(services.end_sessions(user=user) for user in User.objects.filter(pk=person.ref))


def end_denied(impositions: Iterable[Imposition], *, parties: Iterable[Party]) -> int:
    """End the sessions of those among the parties whom the impositions shut out; how many."""
    shut_out = {i.subject for i in impositions if shuts_out(kind=i.kind, ability=i.ability)}
    if not shut_out:
        return 0
    return sum(end(party) for party in parties if party.id in shut_out)


def _is_id(ref: str) -> bool:
    # Whatever an act of the desk calls a user: only an id of ours can be asked for.
    try:
        UUID(ref)
    except ValueError:
        return False
    return True
