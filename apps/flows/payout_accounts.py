"""Where people are paid and pay from: added under their own name, judged (CPL), removed."""

from datetime import datetime

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.names.similarity import similarity
from apps.events.payment_accounts import account_index
from apps.flows import flow, list_checks, own_acts
from apps.flows.list_checks import Asked
from apps.flows.request_facts import RequestFacts
from apps.screening.models import Role
from apps.trades.models import LIVE, AdRail, Order, Rail
from apps.users.models import PayoutAccount, User

MOST = 20


@flow.deed
def add(
    *,
    actor: User,
    rail: str,
    holder: str,
    number: str,
    bank: str = "",
    country: str = "",
    request_facts: RequestFacts,
    at: datetime,
) -> PayoutAccount:
    """Add a payment account; the name on it is compared with the verified one, and with lists."""
    holder, number, bank = " ".join(holder.split()), " ".join(number.split()), bank.strip()
    kind = Rail.objects.filter(pk=rail, is_active=True).first()
    wrong: dict[str, list[str]] = {}
    if kind is None:
        wrong["rail"] = ["Choose one of the desk's ways of paying."]
    if not 2 <= len(holder) <= 120:
        wrong["holder"] = ["Write the name on the account."]
    if not 4 <= len(number) <= 80:
        wrong["number"] = ["Write 4 to 80 letters, digits and signs."]
    if len(bank) > 80:
        wrong["bank"] = ["At most 80 characters, please."]
    if country and (len(country) != 2 or not country.isalpha() or not country.isascii()):
        wrong["country"] = ["Write the two letters of the country."]
    if wrong:
        raise Refused("ACCOUNT_INCOMPLETE", 422, "Some fields need attention.", wrong)
    with flow.transaction(actor, at=at):
        flow.require(actor, "add_account", at=at, request_facts=request_facts)
        own = PayoutAccount.objects.filter(user=actor, removed_at=None)
        if own.count() >= MOST:
            raise Refused("TOO_MANY_ACCOUNTS", 409, f"At most {MOST} accounts. Remove one first.")
        index = account_index(number)
        if own.filter(number_index=index).exists():
            raise Refused("ACCOUNT_KNOWN", 409, "You have this account already.")
        account = PayoutAccount(
            id=uuid7(at),
            user=actor,
            rail=rail,
            country=country.upper(),
            bank=bank,
            holder=holder,
            number=number,
            number_index=index,
            added_at=at,
        )
        act = own_acts.act(
            "account.added",
            user=actor,
            account=account,
            request_facts=request_facts,
            at=at,
            rail=rail,
            bank_country=country.upper() or None,
            reversible_rail=kind.is_reversible if kind else None,
            name_similarity=likeness(account, actor),
        )
        judgement = flow.judge(act)
        if judgement.verdict.outcome != "BLOCK":
            account.save(force_insert=True)
            holders = [Asked(role=Role.HOLDER, name=holder, about=account.pk)]
            list_checks.hold_names(actor, list_checks.names(actor, holders, at=at), at=at)
        flow.write(act, judgement=judgement)
    if judgement.verdict.outcome == "BLOCK":
        raise Refused("BLOCKED", 403, flow.sentence(judgement))
    return account


@flow.deed
def remove(*, actor: User, account: PayoutAccount, at: datetime) -> None:
    """Remove an account; it stays on record. Not while an ad or an open order needs it."""
    with flow.transaction(actor, at=at):
        if AdRail.objects.filter(account=account).exclude(ad__status="CLOSED").exists():
            raise Refused(
                "ACCOUNT_IN_USE", 409, "An ad of yours names this account. Edit it first."
            )
        if Order.objects.filter(payee_account=account, status__in=LIVE).exists():
            raise Refused("ACCOUNT_IN_USE", 409, "An open order is paid to it. Finish that first.")
        removed = PayoutAccount.objects.filter(pk=account.pk, user=actor, removed_at=None).update(
            removed_at=at
        )
        if not removed:
            raise Refused("NO_SUCH_ACCOUNT", 404, "There is no such account of yours.")


def likeness(account: PayoutAccount, owner: User) -> float | None:
    """How alike the name on an account and its owner's verified name are; None unknown."""
    if not owner.legal_name or not account.holder:
        return None
    return round(similarity(account.holder, owner.legal_name), 3)
