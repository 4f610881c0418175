"""What people are to each other: trust, follow, block; and telling staff of somebody's conduct."""

from datetime import datetime, timedelta

from apps.cases.carry_out import Alert, open_cases
from apps.cases.models import Queue
from apps.core.errors import Refused
from apps.flows import flow, own_acts
from apps.flows.request_facts import RequestFacts
from apps.trades.models import Order, RelationKind, Report
from apps.trades.services import people
from apps.users.models import User

#: What a report can be about.
CATEGORIES = {
    "OFF_PLATFORM": "wanted to deal outside of the desk",
    "THREATS": "threats or insults",
    "POSES_AS_SUPPORT": "pretended to be the desk's support",
    "FAKE_PAYMENT": "pretended to have paid",
    "EXTRA_FEES": "asked for more than was agreed",
    "STOLEN_ACCOUNT": "seems not to be the owner of the account",
    "OTHER": "something else",
}
LONGEST = 1_000
MOST_A_DAY = 5
DAY = timedelta(days=1)
#: When somebody looks at a report, and how urgent it is: a word of one person, not yet a finding.
LOOKED_AT_WITHIN, PRIORITY = timedelta(hours=24), 300


@flow.deed
def set_(*, actor: User, other: User, kind: str, on: bool, at: datetime) -> None:
    """Trust, follow or block somebody, or no longer; doing it twice changes nothing.

    Who is blocked neither sees nor takes one's ads, nor one theirs; open orders go on.
    """
    if kind not in RelationKind.values:
        raise Refused("UNKNOWN_RELATION", 422, "Choose TRUST, FOLLOW or BLOCK.")
    if actor.pk == other.pk:
        raise Refused("YOURSELF", 422, "That would be yourself.")
    with flow.transaction(actor, at=at):
        changed = people.set_relation(actor, other, RelationKind(kind), on=on, at=at)
        if changed and on and kind == RelationKind.BLOCK:
            # Whom one blocks one neither trusts nor follows.
            people.set_relation(actor, other, RelationKind.TRUST, on=False, at=at)
            people.set_relation(actor, other, RelationKind.FOLLOW, on=False, at=at)
        if changed:
            own_acts.note(
                "relation.changed",
                by=actor,
                of=actor,
                at=at,
                relation=kind,
                on=on,
                other=str(other.pk),
            )


@flow.deed
def report(
    *,
    actor: User,
    target: User,
    order: Order | None,
    category: str,
    words: str,
    request_facts: RequestFacts = own_acts.NOWHERE,
    at: datetime,
) -> Report:
    """Tell staff of somebody's conduct: a case opens, or joins the one that is open.

    By itself it restricts nobody. `order` is one of the two people's, or None.
    """
    words = words.strip()
    wrong: dict[str, list[str]] = {}
    if category not in CATEGORIES:
        wrong["category"] = ["Choose what it is about."]
    if len(words) > LONGEST:
        wrong["words"] = [f"At most {LONGEST} characters, please."]
    if category == "OTHER" and len(words) < 10:
        wrong["words"] = ["Tell us what happened."]
    if actor.pk == target.pk:
        wrong["target"] = ["That would be yourself."]
    if order is not None and {order.buyer_id, order.seller_id} != {actor.pk, target.pk}:
        wrong["order"] = ["That is no order between you two."]
    if wrong:
        raise Refused("REPORT_INCOMPLETE", 422, "Some fields need attention.", wrong)
    with flow.transaction(actor, target, at=at):
        lately = Report.objects.filter(reporter=actor, at__gt=at - DAY)
        if lately.filter(target=target, category=category).exists():
            raise Refused("REPORTED_ALREADY", 409, "You have reported this; we look into it.")
        if lately.count() >= MOST_A_DAY:
            raise Refused(
                "TOO_MANY_REPORTS", 429, "You have reported a lot today. Please write tomorrow."
            )
        row = people.report(
            reporter=actor,
            target=target,
            order=order,
            category=category,
            words=words or None,
            at=at,
        )
        act = own_acts.act(
            "user.reported",
            user=actor,
            to=target,
            request_facts=request_facts,
            at=at,
            about=own_acts.thing("order", order.pk) if order else None,
            category=category,
            report=str(row.pk),
        )
        alert = Alert(Queue.REVIEW, target.entity_id, PRIORITY, at + LOOKED_AT_WITHIN)
        open_cases([alert], cause=None, at=at)
        flow.write(act)
    return row
