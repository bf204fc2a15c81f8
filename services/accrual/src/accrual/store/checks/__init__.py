"""What an audit asks of the ledger. Each check names the rows that contradict an invariant; it only reads, and its memory stays flat."""

from accrual.store.checks import (
    balances,
    causes,
    chain,
    contests,
    entitlements,
    entries,
    holders,
    holds,
    lots,
    profiles,
    referrals,
    reversals,
    social,
    spends,
    tiers,
    uses,
)
from shared.deadletters import check as deadletters

#: Found by `loyalty verify` under the entry point `accrual`. In the order of the invariants' numbers.
CHECKS = (
    *entries.CHECKS,
    *balances.CHECKS,
    *causes.CHECKS,
    *holds.CHECKS,
    *spends.CHECKS,
    *lots.CHECKS,
    *reversals.CHECKS,
    *holders.CHECKS,
    *entitlements.CHECKS,
    *referrals.CHECKS,
    *contests.CHECKS,
    *social.CHECKS,
    *profiles.CHECKS,
    *uses.CHECKS,
    *tiers.CHECKS,
    *chain.CHECKS,
    *deadletters.CHECKS,
)
