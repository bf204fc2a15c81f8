"""Rewards that a hold reserves beside points: used with them, or free again. Their account's lock covers them."""

from collections.abc import Iterable

from accrual.domain.rewards.entitlements import Denied, Entitlement, State, StepName, release, reserve, use
from accrual.domain.spending.holds import Hold
from accrual.handlers import rewards
from accrual.handlers.entitlements import Handover
from accrual.handlers.rewards import Origin
from accrual.handlers.spending import Spending


def keep(spending: Spending, hold: Hold, entitlements: Iterable[Entitlement], origin: Origin) -> None:
    """Reserve rewards for a hold, which must be free, for as long as it lasts."""
    book = spending.books.entitlements
    book.know(entitlements)
    for id_ in hold.entitlements:
        each = book.get(id_)
        after = None if each is None else reserve(each, purpose=hold.purpose, until=hold.expires_at, at=spending.now)
        if not isinstance(after, Entitlement):
            raise ValueError(f"reward {id_} is not free for hold {hold.id}")  # noqa: TRY004  what it is, not of which type
        spending.messages += book.change(after, StepName.RESERVED, owner=_owner(spending, hold), origin=origin, now=spending.now)


def hand_over(spending: Spending, hold: Hold, origin: Origin) -> Hold:
    """Use the rewards of a hold, once. One that is no longer to be had is told: the till has given it all the same."""
    if hold.entitlements_used or not hold.entitlements:
        return hold
    book, owner = spending.books.entitlements, _owner(spending, hold)
    handover = Handover(merchant=origin.merchant, purchase_id=origin.purchase_id)
    for id_ in hold.entitlements:
        each = book.get(id_)
        if each is None:
            raise LookupError(f"hold {hold.id} has reserved {id_}, which there is not")
        after = use(each, purpose=hold.purpose, at=spending.now)
        if isinstance(after, Denied):
            about = f"/entitlement/{id_}"
            programme = spending.owners[hold.account_id].programme
            said = rewards.refused(after.reason, after.text, programme=programme, holder=owner, origin=origin, now=spending.now, about=about)
            spending.messages.append(said)
        else:
            spending.messages += book.change(after, StepName.USED, owner=owner, origin=origin, now=spending.now, handover=handover)
    return hold._replace(entitlements_used=True)


def set_free(spending: Spending, hold: Hold, origin: Origin) -> None:
    """Give back what is still reserved for a hold."""
    book = spending.books.entitlements
    for id_ in hold.entitlements:
        each = book.get(id_)
        if each is not None and each.state is State.RESERVED and each.reserved_for == hold.purpose:
            after = release(each, purpose=hold.purpose)
            if isinstance(after, Entitlement):
                spending.messages += book.change(after, StepName.RELEASED, owner=_owner(spending, hold), origin=origin, now=spending.now)


def _owner(spending: Spending, hold: Hold) -> str | None:
    return spending.owners[hold.account_id].holder
