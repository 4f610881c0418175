"""Transaction history: what the person bought, sold, cancelled, deposited and withdrew."""

from apps.risk.features.ops import Num, ratio
from apps.risk.features.registry import feature


@feature(unit="count")
def orders_1h(user_orders_n_1h: Num) -> Num:
    """Orders that the user opened in the last hour."""
    return user_orders_n_1h


@feature(unit="count")
def orders_24h(user_orders_n_24h: Num) -> Num:
    """Orders that the user opened in the last 24 h."""
    return user_orders_n_24h


@feature(unit="count")
def orders_7d(user_orders_n_7d: Num) -> Num:
    """Orders that the user opened in the last 7 days."""
    return user_orders_n_7d


@feature(unit="count")
def orders_30d(user_orders_n_30d: Num) -> Num:
    """Orders that the user opened in the last 30 days."""
    return user_orders_n_30d


@feature(unit="count")
def orders_ever(user_orders_n: Num) -> Num:
    """Orders that the user ever opened."""
    return user_orders_n


@feature(unit="usd")
def order_usd_24h(user_orders_usd_24h: Num) -> Num:
    """USD of the orders that the user opened in the last 24 h."""
    return user_orders_usd_24h


@feature(unit="usd")
def order_usd_30d(user_orders_usd_30d: Num) -> Num:
    """USD of the orders that the user opened in the last 30 days."""
    return user_orders_usd_30d


@feature(unit="usd")
def order_mean_usd_30d(user_orders_avg_30d: Num) -> Num:
    """Mean order of the user in the last 30 days."""
    return user_orders_avg_30d


@feature(unit="usd")
def order_mean_usd(user_orders_avg: Num) -> Num:
    """Mean order of the user, ever."""
    return user_orders_avg


@feature(unit="usd")
def order_peak_usd(user_orders_peak: Num) -> Num:
    """Largest order that the user ever opened."""
    return user_orders_peak


@feature(unit="sigma")
def order_size_z(amount_usd: Num, user_orders_avg: Num, user_orders_sd: Num) -> Num:
    """This amount against the user's own orders, in standard deviations."""
    return ratio(amount_usd - user_orders_avg, user_orders_sd)


@feature(unit="ratio")
def order_volume_burst(amount_usd: Num, user_orders_usd_24h: Num, user_orders_usd_30d: Num) -> Num:
    """USD of the last 24 h with this act, against the user's daily mean of 30 days."""
    return ratio((amount_usd + user_orders_usd_24h) * 30, user_orders_usd_30d)


@feature(unit="count")
def completed_30d(user_bought_n_30d: Num, user_sold_n_30d: Num) -> Num:
    """Orders that the user completed in the last 30 days."""
    return user_bought_n_30d + user_sold_n_30d


@feature(unit="count")
def completed_ever(user_bought_n: Num, user_sold_n: Num) -> Num:
    """Orders that the user ever completed."""
    return user_bought_n + user_sold_n


@feature(unit="ratio")
def completion_30d(user_bought_n_30d: Num, user_sold_n_30d: Num, user_orders_n_30d: Num) -> Num:
    """Completed orders against opened ones in the last 30 days."""
    return ratio(user_bought_n_30d + user_sold_n_30d, user_orders_n_30d)


@feature(unit="usd")
def volume_usd_30d(user_bought_usd_30d: Num, user_sold_usd_30d: Num) -> Num:
    """USD that the user bought and sold in the last 30 days."""
    return user_bought_usd_30d + user_sold_usd_30d


@feature(unit="count")
def cancelled_24h(user_cancelled_n_24h: Num) -> Num:
    """Orders that the user cancelled in the last 24 h."""
    return user_cancelled_n_24h


@feature(unit="ratio")
def cancel_share_30d(user_cancelled_n_30d: Num, user_orders_n_30d: Num) -> Num:
    """Share of the user's orders of 30 days that were cancelled."""
    return ratio(user_cancelled_n_30d, user_orders_n_30d)


@feature(unit="count")
def paid_reverted_24h(user_reverted_n_24h: Num) -> Num:
    """Times in 24 h that the user said 'paid' and took it back."""
    return user_reverted_n_24h


@feature(unit="count")
def received_ever(user_received_n: Num) -> Num:
    """Orders that others ever opened with the user: 0 for who never made an offer."""
    return user_received_n


@feature(unit="count")
def releases_30d(user_released_n_30d: Num) -> Num:
    """Releases of the user in the last 30 days."""
    return user_released_n_30d


@feature(unit="sigma")
def release_size_z(amount_usd: Num, user_released_avg: Num, user_released_sd: Num) -> Num:
    """This amount against the user's own releases, in standard deviations."""
    return ratio(amount_usd - user_released_avg, user_released_sd)


@feature(unit="count")
def withdrawals_24h(user_withdrawals_n_24h: Num) -> Num:
    """Withdrawals that the user asked for in the last 24 h."""
    return user_withdrawals_n_24h


@feature(unit="usd")
def withdrawal_usd_24h(user_withdrawals_usd_24h: Num) -> Num:
    """USD of the withdrawals that the user asked for in the last 24 h."""
    return user_withdrawals_usd_24h


@feature(unit="count")
def withdrawals_30d(user_withdrawals_n_30d: Num) -> Num:
    """Withdrawals that the user asked for in the last 30 days."""
    return user_withdrawals_n_30d


@feature(unit="sigma")
def withdrawal_size_z(amount_usd: Num, user_withdrawals_avg: Num, user_withdrawals_sd: Num) -> Num:
    """This amount against the user's own withdrawals, in standard deviations."""
    return ratio(amount_usd - user_withdrawals_avg, user_withdrawals_sd)


@feature(unit="usd")
def withdrawal_mean_usd_30d(user_withdrawals_avg_30d: Num) -> Num:
    """Mean withdrawal of the user in the last 30 days."""
    return user_withdrawals_avg_30d


@feature(unit="usd")
def withdrawal_peak_usd(user_withdrawals_peak: Num) -> Num:
    """Largest withdrawal that the user ever asked for."""
    return user_withdrawals_peak


@feature(unit="ratio")
def withdrawal_balance_share(amount_usd: Num, balance_usd: Num) -> Num:
    """This amount against the balance that the sender reports."""
    return ratio(amount_usd, balance_usd)


@feature(unit="ratio")
def pass_through_1h(
    amount_usd: Num,
    user_withdrawals_usd_1h: Num,
    user_bought_usd_1h: Num,
    user_deposits_usd_1h: Num,
) -> Num:
    """USD going out within an hour, with this act, against USD that came in."""
    return ratio(amount_usd + user_withdrawals_usd_1h, user_bought_usd_1h + user_deposits_usd_1h)


@feature(unit="ratio")
def pass_through_48h(
    amount_usd: Num,
    user_withdrawals_usd_48h: Num,
    user_bought_usd_48h: Num,
    user_deposits_usd_48h: Num,
) -> Num:
    """USD going out within 48 h, with this act, against USD that came in."""
    return ratio(amount_usd + user_withdrawals_usd_48h, user_bought_usd_48h + user_deposits_usd_48h)


@feature(unit="usd")
def inflow_usd_48h(user_bought_usd_48h: Num, user_deposits_usd_48h: Num) -> Num:
    """USD that the user bought or deposited in the last 48 h."""
    return user_bought_usd_48h + user_deposits_usd_48h


@feature(unit="usd")
def deposit_usd_48h(user_deposits_usd_48h: Num) -> Num:
    """USD that the user deposited in the last 48 h."""
    return user_deposits_usd_48h


@feature(unit="count")
def just_below_limit_48h(user_edged_n_48h: Num) -> Num:
    """Orders and withdrawals of 800 to 999.99 USD by the user in the last 48 h."""
    return user_edged_n_48h


@feature(unit="usd")
def just_below_limit_usd_48h(user_edged_usd_48h: Num) -> Num:
    """USD of the orders and withdrawals of 800 to 999.99 USD in the last 48 h."""
    return user_edged_usd_48h


@feature(unit="count")
def round_orders_7d(user_rounds_n_7d: Num) -> Num:
    """Orders of a round amount by the user in the last 7 days."""
    return user_rounds_n_7d


@feature(unit="ratio")
def limit_use(amount_usd: Num, limit_usd: Num) -> Num:
    """This amount against the user's limit that the sender reports."""
    return ratio(amount_usd, limit_usd)


@feature(unit="ratio")
def income_multiple_30d(user_orders_usd_30d: Num, declared_income_usd: Num) -> Num:
    """USD of the orders of 30 days against the declared monthly income."""
    return ratio(user_orders_usd_30d, declared_income_usd)


@feature(unit="count")
def appeals_30d(user_appeals_n_30d: Num) -> Num:
    """Appeals that the user opened in the last 30 days."""
    return user_appeals_n_30d


@feature(unit="count")
def faults_90d(user_faults_n_90d: Num) -> Num:
    """Appeals decided against the user in the last 90 days."""
    return user_faults_n_90d


@feature(unit="hours")
def hours_since_fault(user_faults_idle: Num) -> Num:
    """Hours since an appeal was last decided against the user."""
    return user_faults_idle


@feature(unit="count")
def reports_ever(user_reports_n: Num) -> Num:
    """Chargebacks and bank freezes ever reported against the user."""
    return user_reports_n


@feature(unit="count")
def ad_edits_1h(user_edits_n_1h: Num) -> Num:
    """Ads that the user published or edited in the last hour."""
    return user_edits_n_1h
