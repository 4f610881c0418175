"""Mail for what matters and stays unread: one letter per person, once for each notice.

A letter names orders by their number and nothing else: no amounts, no names, and nothing of it in
the subject. Whoever reads the mailbox of somebody learns no more than that there is something.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from smtplib import SMTPException

import structlog
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.trades.models import Notice
from apps.users.models import User

log = structlog.get_logger(__name__)
BATCH = 500
#: Older ones are no news: after an outage nobody gets yesterday's letters.
STALE = timedelta(hours=24)

#: What a letter says of each notice that matters; all others stay under the bell.
WORDS = {
    "ORDER_NEW": _("Order %(order)s: somebody has taken your ad."),
    "PAY_NOW": _("Order %(order)s: please pay now, then say so."),
    "PAY_SOON": _("Order %(order)s: the time to pay is nearly over."),
    "ORDER_PAID": _("Order %(order)s: the buyer says that it is paid. Look into your bank first."),
    "ORDER_PAID_LOOK_TWICE": _(
        "Order %(order)s: the buyer says that it is paid, but something does not fit. Look closely."
    ),
    "CANCEL_WISHED": _("Order %(order)s: the seller asks you to cancel."),
    "RELEASE_STOPPED": _("Order %(order)s: the release was stopped."),
    "APPEAL_OPENED": _("Order %(order)s: an appeal was opened. Your answer is awaited."),
    "APPEAL_ASKED": _("Order %(order)s: you are asked for evidence."),
    "APPEAL_DECIDED": _("Order %(order)s: the appeal was decided."),
    "APPEAL_OBJECTED": _("Order %(order)s: the other side objects to the decision."),
    "RECOVERY_HELD": _("A part of your balance is held until a claim is decided."),
    "AD_SUSPENDED": _("An ad of yours was suspended."),
    "ADDRESS_ADDED": _("A new withdrawal address was added to your account."),
    "WITHDRAWAL_REQUESTED": _("A withdrawal was requested from your account."),
    "WITHDRAWAL_CHALLENGED": _("A withdrawal waits for your proof of who you are."),
    "WITHDRAWAL_TRAVEL_RULE_PENDING": _("A withdrawal waits for details of the recipient."),
    "WITHDRAWAL_REJECTED": _("A withdrawal was not possible. The amount is back in your wallet."),
    "WITHDRAWAL_FAILED": _("A withdrawal failed. The amount is back in your wallet."),
    "MERCHANT_ACCEPTED": _("Your application as a merchant was accepted."),
    "MERCHANT_REJECTED": _("Your application as a merchant was not accepted."),
    "MERCHANT_WARNED": _("You no longer keep a condition of your merchant tier."),
    "MERCHANT_DEMOTED": _("You are no longer a merchant."),
}


def send(*, at: datetime) -> int:
    """Mail what is due; how many letters went out."""
    due = (
        Notice.objects.filter(
            code__in=WORDS,
            read_at=None,
            mailed_at=None,
            at__lte=at - timedelta(minutes=settings.NOTICE_MAIL_MINUTES),
            at__gt=at - STALE,
            user__wants_mail=True,
            user__is_active=True,
        )
        .select_related("user", "order")
        .order_by("user", "id")[:BATCH]
    )
    sent = 0
    for _user, rows in groupby(due, key=lambda row: row.user_id):
        sent += _letter(list(rows), at=at)
    return sent


def _letter(rows: list[Notice], *, at: datetime) -> bool:
    """Claim the notices of one person, then write: two workers never send the same letter."""
    user = rows[0].user
    if not _is_verified(user):
        return False
    ids = [row.pk for row in rows]
    if Notice.objects.filter(pk__in=ids, mailed_at=None).update(mailed_at=at) != len(ids):
        return False
    try:
        with translation.override(user.locale):
            send_mail(
                gettext("News of your account"),
                render_to_string(
                    "mail/notices.txt", {"lines": _lines(rows), "site": settings.SITE_URL}
                ),
                settings.DEFAULT_FROM_EMAIL,
                [user.email],
            )
    except (OSError, SMTPException):
        # The next round tries again.
        Notice.objects.filter(pk__in=ids, mailed_at=at).update(mailed_at=None)
        log.exception("notices.not_mailed", count=len(ids))
        return False
    return True


def _lines(rows: Iterable[Notice]) -> list[str]:
    said = [WORDS[row.code] % {"order": row.order.number if row.order else ""} for row in rows]
    return list(dict.fromkeys(said))


def _is_verified(user: User) -> bool:
    """Nobody gets letters at an address that they have not confirmed."""
    return EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists()
