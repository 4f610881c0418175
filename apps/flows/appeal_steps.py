"""What every deed in an appeal shares: its rows under lock, its parties, its phases."""

from datetime import datetime

from apps.core.errors import Refused
from apps.flows import appeal_terms
from apps.flows.trading import locked
from apps.trades.models import Appeal, Order
from apps.trades.services import appeals
from apps.trades.states import AppealState
from apps.users.models import User

#: While an appeal is heard; afterwards it is decided.
HEARING = (AppealState.OPEN, AppealState.NEGOTIATING, AppealState.EVIDENCE, AppealState.IN_REVIEW)


def locked_appeal(appeal: Appeal) -> tuple[Order, Appeal]:
    """An appeal and its order as they are now, their rows locked; the parties' locks are held."""
    order = locked(appeal.order)
    found = (
        Appeal.objects.select_for_update(of=("self",))
        .select_related("opener", "agent", "decided_by")
        .get(pk=appeal.pk)
    )
    found.order = order
    return order, found


def into(appeal: Appeal, order: Order, state: AppealState, *, at: datetime) -> None:
    """Begin a phase that has its time."""
    sooner = min(appeal.decide_by, appeal_terms.decide_by(order, state=state, at=at))
    until = at + appeal_terms.lasts(state)
    appeals.step(appeal, state, phase_until=until, decide_by=sooner)


def party(actor: User, order: Order) -> None:
    """Refused (NO_SUCH_ORDER, 404) unless the person is one of the two."""
    if actor.pk not in (order.buyer_id, order.seller_id):
        raise Refused("NO_SUCH_ORDER", 404, "There is no such order of yours.")
