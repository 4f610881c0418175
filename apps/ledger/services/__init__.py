"""Verbs that write the ledger. The caller owns the transaction; a refusal must roll it back.

Amounts are positive and no finer than the asset's network counts (Asset.round_down). Ads, orders,
withdrawals and deposits are named by their ids. `by` is the person who did it, None the system.
"""

from apps.ledger.assets import seed as seed_assets
from apps.ledger.services.corrections import correct
from apps.ledger.services.escrow import (
    hold_escrow,
    release_escrow,
    reserve_for_ad,
    return_escrow,
    return_from_ad,
    split_escrow,
)
from apps.ledger.services.holds import (
    freeze,
    post_margin,
    recover,
    recover_hold,
    recover_return,
    return_margin,
    seize,
    slash_margin,
    unfreeze,
)
from apps.ledger.services.locks import lift_locks, lock_acquired
from apps.ledger.services.posting import Place, post
from apps.ledger.services.wallet import (
    broadcast_withdrawal,
    clear_deposit,
    deposit,
    request_withdrawal,
    return_deposit,
    return_withdrawal,
)

__all__ = [
    "Place",
    "broadcast_withdrawal",
    "clear_deposit",
    "correct",
    "deposit",
    "freeze",
    "hold_escrow",
    "lift_locks",
    "lock_acquired",
    "post",
    "post_margin",
    "recover",
    "recover_hold",
    "recover_return",
    "release_escrow",
    "request_withdrawal",
    "reserve_for_ad",
    "return_deposit",
    "return_escrow",
    "return_from_ad",
    "return_margin",
    "return_withdrawal",
    "seed_assets",
    "seize",
    "slash_margin",
    "split_escrow",
    "unfreeze",
]
