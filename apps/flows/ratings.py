"""Ratings: what a partner says after a completed order, and how much that counts.

A rating counts less from an account that is fresh, from one that is linked to the rated one (they
share a device, a payment account, an address), and the more often the same two rate each other.
Links are often known only later: every night the ratings of three months are weighed again.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.db import transaction

from apps.core.errors import Refused
from apps.flows import flow, own_acts, staff
from apps.flows.request_facts import RequestFacts
from apps.restrictions.models import Ability, Kind, Restriction
from apps.risk import links
from apps.trades import contacts
from apps.trades.models import Order, Rating
from apps.trades.services import ratings
from apps.trades.services.talk import notify
from apps.trades.states import OrderStatus
from apps.users.models import User
from apps.users.roles import Deed

RATE_WITHIN = timedelta(days=30)
FRESH = timedelta(days=14)
FRESH_WEIGHT, LINKED_WEIGHT = 0.2, 0.1
WEIGHED_AGAIN_FOR = timedelta(days=90)
BATCH = 500


@flow.deed
def rate(
    *,
    actor: User,
    order: Order,
    is_positive: bool,
    tags: Iterable[str] = (),
    comment: str = "",
    request_facts: RequestFacts = own_acts.NOWHERE,
    at: datetime,
) -> Rating:
    """Say once, within 30 days, how it was to complete this order with the other party."""
    tags, comment = sorted(set(tags)), " ".join(comment.split())
    _check(tags, comment)
    with flow.transaction(order.buyer, order.seller, at=at):
        order = Order.objects.select_related("buyer", "seller").get(pk=order.pk)
        if actor.pk not in (order.buyer_id, order.seller_id):
            raise Refused("NO_SUCH_ORDER", 404, "There is no such order of yours.")
        if order.status != OrderStatus.COMPLETED or order.ended_at is None:
            raise Refused("NOT_COMPLETED", 409, "Only completed orders can be rated.")
        if at - order.ended_at > RATE_WITHIN:
            raise Refused(
                "RATING_TOO_LATE",
                409,
                f"An order can be rated for {RATE_WITHIN.days} days after it was completed.",
            )
        rated = order.seller if actor.pk == order.buyer_id else order.buyer
        is_linked = bool(links.shared_with(entity=rated.entity_id, others=[actor.entity_id]))
        earlier = Rating.objects.filter(rater=actor, rated=rated).count()
        rating = ratings.rate(
            order=order,
            rater=actor,
            rated=rated,
            is_positive=is_positive,
            tags=tags,
            comment=comment,
            weight=weight(is_fresh=is_fresh(actor, at=at), is_linked=is_linked, earlier=earlier),
            at=at,
        )
        notify(rated, "RATED", at=at, order=order, positive=is_positive)
        flow.write(
            own_acts.act(
                "rating.given",
                user=actor,
                to=rated,
                request_facts=request_facts,
                at=at,
                about=own_acts.thing("order", order.pk),
                rating_positive=is_positive,
                rater_fresh=is_linked or is_fresh(actor, at=at),
            )
        )
    return rating


def weight(*, is_fresh: bool, is_linked: bool, earlier: int) -> float:
    """0..1: how much a rating counts; `earlier` ratings of the same two came before it."""
    return round(
        (FRESH_WEIGHT if is_fresh else 1) * (LINKED_WEIGHT if is_linked else 1) / (1 + earlier),
        4,
    )


def is_fresh(rater: User, *, at: datetime) -> bool:
    """Whether the account was too young then for its word to count in full."""
    return at - rater.date_joined < FRESH


def hide(*, by: User, rating: Rating, reason: str, at: datetime) -> None:
    """Take a rating out of sight and out of count: abuse, or written under threat."""
    staff.may(by, Deed.REVIEW_DECISIONS)
    staff.words(reason, "reason", most=200)
    with transaction.atomic(durable=True):
        if not Rating.objects.filter(pk=rating.pk, hidden_at=None).update(hidden_at=at):
            raise Refused("HIDDEN_ALREADY", 409, "This rating is hidden already.")
        own_acts.note("rating.hidden", by=by, of=rating.rated, at=at, rating=str(rating.pk))


def weigh_again(*, at: datetime) -> int:
    """Give the ratings of three months the weight that is known now; how many changed.

    What somebody said who is banned today counts for nothing.
    """
    since, changed, last = at - WEIGHED_AGAIN_FOR, 0, None
    while True:
        rows = Rating.objects.filter(at__gte=since, hidden_at=None)
        rated = rows.filter(rated__gt=last) if last else rows
        people = list(rated.order_by("rated").values_list("rated", flat=True).distinct()[:BATCH])
        if not people:
            return changed
        found = rows.filter(rated__in=people).select_related("rater", "rated")
        for _, group in groupby(found.order_by("rated", "id"), key=lambda row: row.rated_id):
            changed += _weigh(list(group))
        last = people[-1]


def _weigh(rows: list[Rating]) -> int:
    """Weigh the ratings of one person; oldest first."""
    rated = rows[0].rated
    raters = {row.rater_id: row.rater.entity_id for row in rows}
    linked = links.shared_with(entity=rated.entity_id, others=sorted(set(raters.values())))
    banned = _banned(raters.values())
    earlier = _earlier(rated, rows)
    new = []
    for row in rows:
        entity = raters[row.rater_id]
        now = (
            0.0
            if entity in banned
            else weight(
                is_fresh=is_fresh(row.rater, at=row.at),
                is_linked=entity in linked,
                earlier=earlier[row.rater_id],
            )
        )
        earlier[row.rater_id] += 1
        if abs(now - row.weight) > 1e-6:
            row.weight = now
            new.append(row)
    Rating.objects.bulk_update(new, ["weight"], batch_size=BATCH)
    return len(new)


def _banned(entities: Iterable[int]) -> set[int]:
    forbidden = Restriction.objects.filter(
        subject__in=list(entities), kind=Kind.DENY, ability=Ability.ALL, until=None, lifted_at=None
    )
    return set(forbidden.values_list("subject_id", flat=True))


def _earlier(rated: User, rows: list[Rating]) -> dict[UUID, int]:
    """How many ratings each rater gave this person before the rows in hand."""
    counts = {row.rater_id: 0 for row in rows}
    before = Rating.objects.filter(rated=rated, rater__in=counts, pk__lt=rows[0].pk)
    for rater in before.values_list("rater", flat=True):
        counts[rater] += 1
    return counts


def _check(tags: list[str], comment: str) -> None:
    wrong: dict[str, list[str]] = {}
    if set(tags) - set(ratings.TAGS):
        wrong["tags"] = ["Choose from the tags offered."]
    elif len(tags) > ratings.MOST_TAGS:
        wrong["tags"] = [f"At most {ratings.MOST_TAGS} tags."]
    if len(comment) > ratings.LONGEST:
        wrong["comment"] = [f"At most {ratings.LONGEST} characters, please."]
    elif comment and (contacts.has_contact(comment) or contacts.poses_as_support(comment)):
        wrong["comment"] = ["Everybody reads this: no contact details or links, please."]
    if wrong:
        raise Refused("RATING_INCOMPLETE", 422, "Some fields need attention.", wrong)
