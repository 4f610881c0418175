"""What staff decide on what was found on a list: the person who is meant, or somebody else."""

from datetime import datetime, timedelta

from django.db.models import Q

from apps.cases.models import Case, Outcome, Queue, Status
from apps.core.errors import Refused
from apps.events.models import Entity
from apps.flows import flow, list_checks, staff
from apps.flows.restricting import lift_all
from apps.restrictions.models import Restriction
from apps.screening import services
from apps.screening.models import Category, Hit, HitState, Role
from apps.trades.models import Withdrawal
from apps.users.models import User
from apps.users.roles import Deed

#: How long a name that is somebody else's stays quiet, unless staff say otherwise.
QUIET_DAYS = 180
#: Addresses are exact: there is nobody else to mean.
EXACT = (Role.PAYS_TO, Role.PAID_BY)


@flow.deed
def clear(*, by: User, hit: Hit, reason: str, at: datetime, days: int | None = None) -> Hit:
    """Say that another person is meant: it stays quiet for a time, and what it held is lifted.

    ADDRESS_IS_EXACT (409) for a sanctioned address, which is nobody else's.
    """
    if hit.role in EXACT and hit.record.category == Category.SANCTIONS:
        raise Refused(
            "ADDRESS_IS_EXACT",
            409,
            "This very address is under sanctions: nothing else can be meant. Confirm it.",
        )
    span = timedelta(days=QUIET_DAYS if days is None else days)
    return _decide(by=by, hit=hit, state=HitState.CLEARED, reason=reason, at=at, span=span)


@flow.deed
def confirm(*, by: User, hit: Hit, reason: str, at: datetime) -> Hit:
    """Say that it is the listed one: what is held stays held, and others take it from there."""
    return _decide(by=by, hit=hit, state=HitState.CONFIRMED, reason=reason, at=at, span=None)


def _decide(
    *, by: User, hit: Hit, state: HitState, reason: str, at: datetime, span: timedelta | None
) -> Hit:
    staff.may(by, Deed.LIFT_RESTRICTIONS)
    if by.pk == hit.user_id:
        raise Refused("OWN_HIT", 403, "This is about yourself: a colleague has to decide.")
    reason = staff.words(reason, "reason", most=300)
    if span is not None and not timedelta(days=1) <= span <= timedelta(days=366):
        sentence = "Choose 1 to 366 days."
        raise Refused("BAD_DAYS", 422, sentence, {"days": [sentence]})
    user = hit.user
    with flow.transaction(user, at=at):
        services.decide(
            hit, by=by, state=state, reason=reason, quiet_until=at + span if span else None, at=at
        )
        if state == HitState.CLEARED:
            # The same record may have been found under several names of the person.
            same = Hit.objects.filter(user=user, record=hit.record, state=HitState.OPEN).exclude(
                role__in=EXACT
            )
            for other in same:
                services.decide(
                    other, by=by, state=state, reason=reason, quiet_until=hit.quiet_until, at=at
                )
        subject = Entity.objects.filter(pk=user.entity_id).first()
        staff.write_event(
            "screening.decided",
            by=by,
            at=at,
            subject=subject,
            data={"hit": str(hit.pk), "list": hit.record.watchlist_id, "state": state},
        )
        _after(user, by=by, at=at)
    return hit


def _after(user: User, *, by: User, at: datetime) -> None:
    """Lift what nothing speaks for any more, and close the case once all of it is decided."""
    hits = Hit.objects.filter(user=user)
    against = hits.filter(state__in=[HitState.OPEN, HitState.CONFIRMED])
    things = Withdrawal.objects.filter(user=user)
    spoken = set(against.values_list("about", flat=True))
    free = [one.entity for one in things.only("id", "entity") if one.pk not in spoken]
    if not against.exists():
        free.append(user.entity_id)
    held = Restriction.objects.select_related("subject").filter(
        subject__in=free, reason=list_checks.REASON, lifted_at=None
    )
    lift_all(list(held), by=by, at=at, reason="not the one on the list")
    if hits.filter(state=HitState.OPEN).exists():
        return
    case = Case.objects.filter(
        queue=Queue.SCREENING, subject=user.entity_id, status=Status.OPEN
    ).first()
    if case is None:
        return
    is_meant = hits.filter(state=HitState.CONFIRMED, decided_at__gte=case.opened_at).exists()
    outcome = Outcome.CONFIRMED if is_meant else Outcome.CLEARED
    Case.objects.filter(Q(pk=case.pk), status=Status.OPEN).update(
        status=Status.CLOSED, outcome=outcome, closed_at=at
    )
    staff.write_event(
        "case.closed",
        by=by,
        at=at,
        subject=case.subject,
        data={"case": str(case.id), "queue": case.queue, "outcome": outcome},
    )
