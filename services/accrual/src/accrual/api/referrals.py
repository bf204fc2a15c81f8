"""Questions about the friends whom a member brought, and about whoever brought the member."""

from fastapi import APIRouter, Depends

from accrual.api.parts import Desk
from accrual.domain.programmes import Programmes
from accrual.domain.referrals import TEXTS, Objection, Side
from accrual.store import reading
from accrual.store import referrals as store
from accrual.store.reading import Open
from accrual.store.referrals import Referral
from accrual.store.snapshots import snapshot
from contracts import referrals
from contracts.fields import Holder
from shared.auth import require
from shared.problems import Problem

#: So many of a holder's invitations are shown in each programme, the newest.
MOST_SHOWN = 200


def routes(desk: Desk) -> APIRouter:
    """Return the route about friends."""
    router = APIRouter(tags=["accounts"], dependencies=[Depends(require(desk.verifier, "accounts:read"))])

    @router.get("/v1/accounts/{holder}/referrals", openapi_extra={"x-access": "accounts:read"})
    async def of_holder(holder: Holder) -> referrals.Referrals:
        """Show what came of each invitation, or why nothing did. Nobody is told who the other one is."""
        async with snapshot(desk.pool) as connection:
            opened = await reading.open_accounts(connection, holder)
            if not opened:
                raise Problem(404, "unknown-holder", "This holder has no account")
            programmes = await desk.catalogue.current(connection)
            found = [(account, each) for account in opened for each in await store.of_account(connection, account.account_id, limit=MOST_SHOWN)]
        newest = sorted(found, key=lambda pair: pair[1].joined_at, reverse=True)
        return referrals.Referrals(items=tuple(_shown(account, each, programmes) for account, each in newest))

    return router


def _shown(account: Open, referral: Referral, programmes: Programmes) -> referrals.Referral:
    side = Side.FRIEND if referral.friend_id == account.account_id else Side.INVITER
    version = programmes.version(referral.programme, referral.programme_version)
    rules = None if version is None else version.referrals
    return referrals.Referral.model_validate(
        {
            "programme": referral.programme,
            "side": side,
            "state": referral.state,
            "points": 0 if rules is None else rules.points(side),
            "joined_at": referral.joined_at,
            "paid_on": referral.paid_on,
            "reason": referral.reason,
            "text": "" if referral.reason is None else TEXTS[Objection(referral.reason)],
        }
    )
