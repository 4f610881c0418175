"""Questions about orders and ads; rows are found for their parties only."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from apps.core.errors import Refused
from apps.trades.models import LIVE, Ad, AdRail, CancelReason, Order, PairTally
from apps.users.models import User

DAY = timedelta(hours=24)
#: R41: one payment shown for two orders; how close in amount and time.
TWIN_SHARE, TWIN_TIME = Decimal("0.005"), timedelta(minutes=60)


def owner_of(ad: UUID) -> User:
    """Whose ad it is; NO_SUCH_AD (404)."""
    found = Ad.objects.select_related("owner").only("owner").filter(pk=ad).first()
    if found is None:
        raise Refused("NO_SUCH_AD", 404, "This offer is no longer there. Choose another.")
    return found.owner


def order_for(actor: User, id: UUID) -> Order:
    """An order of this person's, whichever side they are on; NO_SUCH_ORDER (404) for others'."""
    found = (
        Order.objects.filter(Q(buyer=actor) | Q(seller=actor), pk=id)
        .select_related(
            "buyer", "seller", "maker", "taker", "asset", "fiat", "rail", "ad", "payee_account"
        )
        .first()
    )
    if found is None:
        raise Refused("NO_SUCH_ORDER", 404, "There is no such order of yours.")
    return found


def orders_of(actor: User) -> QuerySet[Order]:
    """All orders of this person, newest first."""
    return (
        Order.objects.filter(Q(buyer=actor) | Q(seller=actor))
        .select_related("buyer", "seller", "asset", "fiat", "rail")
        .order_by("-id")
    )


def open_taken(actor: User) -> int:
    """How many orders that this person took have not ended."""
    return Order.objects.filter(taker=actor, status__in=LIVE).count()


def usd_of_day(actor: User, *, at: datetime) -> Decimal:
    """USD of the orders that this person took in the last 24 h and that did not fail."""
    taken = Order.objects.filter(taker=actor, created_at__gt=at - DAY).exclude(
        status__in=["CANCELLED", "EXPIRED", "REJECTED"]
    )
    return taken.aggregate(total=Sum("usd"))["total"] or Decimal(0)


def deal_before(one: User, other: User) -> bool:
    """Whether the two have completed an order with each other."""
    return PairTally.objects.filter(user=one, other=other, orders__gt=0).exists()


def payee_changed(order: Order) -> bool:
    """Whether the seller's ad names another account by now than the order was taken with."""
    if order.maker_id != order.seller_id:
        return False
    now = AdRail.objects.filter(ad=order.ad_id, rail=order.rail_id).values_list("account")
    return order.payee_account_id not in {account for (account,) in now}


def twins(order: Order, *, at: datetime) -> int:
    """Other open orders paid to the same account in the hour, of nearly the same amount."""
    slack = order.fiat_amount * TWIN_SHARE
    return (
        Order.objects.filter(
            payee_account=order.payee_account_id,
            created_at__gt=at - TWIN_TIME,
            status__in=["AWAITING_PAYMENT", "PAID", "RELEASING"],
            fiat_amount__range=(order.fiat_amount - slack, order.fiat_amount + slack),
        )
        .exclude(pk=order.pk)
        .exclude(buyer=order.buyer_id)
        .count()
    )


def expired_lately(*, buyer: User, id: UUID, since: datetime) -> Order | None:
    """An order of this buyer's whose time to pay ran out since then, not made good yet."""
    return (
        Order.objects.filter(
            pk=id,
            buyer=buyer,
            status="EXPIRED",
            cancel_reason=CancelReason.UNPAID,
            ended_at__gte=since,
            reclaimed_by=None,
        )
        .select_related("rail", "payee_account", "ad")
        .first()
    )
