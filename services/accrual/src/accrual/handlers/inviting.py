"""Who invited a member who joins. What both get for it, the clock finds out: see `referrals`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from accrual.domain.programme import Programme
from accrual.domain.referrals import Objection
from accrual.handlers.routes import Route
from accrual.store import Connection, holders
from accrual.store.holders import Wanted
from accrual.store.referrals import Referral

if TYPE_CHECKING:
    from accrual.handlers.deeds import Deed


async def inviters(connection: Connection, deeds: Iterable["Deed"]) -> list[Wanted]:
    """Return whose accounts these registrations need beside those of the members who join.

    Members may be told of later than the friends whom they invited, so an account is opened for one who has none. An identifier without
    an account is not somebody who could have invited anybody.
    """
    named = {deed.inviter for deed in deeds if deed.inviter is not None}
    cards = [each for each in named if not each.holder.startswith("m:")]
    known = await holders.resolve(connection, cards) if cards else {}
    return [each for each in sorted(named) if each not in known or known[each].account_id is not None]


def invited_by(deed: "Deed", friend_id: UUID, route: Route) -> list[Referral]:
    """Return what is to be kept of an invitation, if the deed tells of one: the first look at it, or why there will be none."""
    if deed.inviter is None or not isinstance(deed.programme, Programme) or deed.programme.referrals is None:
        return []
    terms, joined_at, owned = deed.programme.terms, deed.fact.occurred_at, route.found.get(deed.inviter)
    inviter_id = None if owned is None else owned.account_id
    objection = Objection.NOT_A_MEMBER if inviter_id is None else Objection.SAME_PERSON if inviter_id == friend_id else None
    state, look_at = ("open", deed.programme.referrals.pays_at(joined_at)) if objection is None else ("refused", None)
    return [Referral(friend_id, inviter_id, joined_at, terms.id, terms.version, state, look_at, objection)]
