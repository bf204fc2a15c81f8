"""Questions to accrual, which owns accounts, decisions and programmes."""

from collections.abc import Mapping
from urllib.parse import quote as escaped
from uuid import UUID

from contracts.contests import ContestStandings
from contracts.coupons import CouponCodes, CouponState, Limits
from contracts.drafts import Draft, Drafts, OneDraft, Published
from contracts.entitled import Entitlement, Offers, Raffle, Rewards, Surprise
from contracts.holds import Adjustment, Adjustments, Hold, Transfer
from contracts.migrations import MigrationDone, MigrationState
from contracts.quotes import Quote
from contracts.referrals import Referrals
from contracts.replies import Balance, EventVerdict, Grant, History, Programme, Programmes, Purchase, ReturnQuote, Tier
from contracts.social import SocialAction, SocialActions
from contracts.terms import WrittenTerms
from gateway.clients.services import Asking, OwningService, Question


class Accrual:
    """What accrual can be asked. Each question ends by its deadline with a reply, a Problem or Unavailable."""

    def __init__(self, service: OwningService) -> None:
        self._service = service

    async def balance(self, holder: str, asking: Asking) -> Balance:
        """Ask for all accounts of a holder; a linked identifier stands for its member."""
        return await self._service.ask(Balance, Question(f"/v1/accounts/{holder}"), asking)

    async def set_tier(self, holder: str, wanted: bytes, asking: Asking) -> Tier:
        """Ask for a member's level to be set by hand. The idempotency key travels with the asking."""
        return await self._service.ask(Tier, Question(f"/v1/accounts/{holder}/tier", body=wanted, reads=False), asking)

    async def history(self, holder: str, page: Mapping[str, str], asking: Asking) -> History:
        """Ask for a page of changes of a holder's accounts, newest first."""
        return await self._service.ask(History, Question(f"/v1/accounts/{holder}/history", page), asking)

    async def referrals(self, holder: str, asking: Asking) -> Referrals:
        """Ask what came of a holder's invitations."""
        return await self._service.ask(Referrals, Question(f"/v1/accounts/{holder}/referrals"), asking)

    async def grant(self, grant_id: UUID, asking: Asking) -> Grant:
        """Ask for one grant, with what remains of it."""
        return await self._service.ask(Grant, Question(f"/v1/grants/{grant_id}"), asking)

    async def purchase(self, asking: Asking, *, merchant: str, purchase_id: str) -> Purchase:
        """Ask for every decision about a purchase."""
        return await self._service.ask(Purchase, Question("/v1/purchases", {"merchant": merchant, "purchase_id": purchase_id}), asking)

    async def verdict(self, asking: Asking, *, source: str, event_id: str) -> EventVerdict:
        """Ask what became of an event."""
        return await self._service.ask(EventVerdict, Question("/v1/verdicts", {"source": source, "event_id": event_id}), asking)

    async def quote(self, cart: bytes, asking: Asking) -> Quote:
        """Ask what a cart costs and earns."""
        return await self._service.ask(Quote, Question("/v1/quotes", body=cart), asking)

    async def hold(self, wanted: bytes, asking: Asking) -> Hold:
        """Ask to put points aside. The idempotency key travels with the asking, as with every command."""
        return await self._service.ask(Hold, Question("/v1/holds", body=wanted, reads=False), asking)

    async def held(self, hold_id: UUID, asking: Asking) -> Hold:
        """Ask what became of a hold."""
        return await self._service.ask(Hold, Question(f"/v1/holds/{hold_id}"), asking)

    async def capture(self, hold_id: UUID, wanted: bytes, asking: Asking) -> Hold:
        """Ask to use points of a hold."""
        return await self._service.ask(Hold, Question(f"/v1/holds/{hold_id}/capture", body=wanted, reads=False), asking)

    async def release(self, hold_id: UUID, asking: Asking) -> Hold:
        """Ask to give the points of a hold back."""
        return await self._service.ask(Hold, Question(f"/v1/holds/{hold_id}/release", body=b"{}", reads=False), asking)

    async def request_adjustment(self, wanted: bytes, asking: Asking) -> Adjustment:
        """Ask for points to be given or taken once somebody else approves it."""
        return await self._service.ask(Adjustment, Question("/v1/adjustments", body=wanted, reads=False), asking)

    async def approve_adjustment(self, adjustment_id: UUID, asking: Asking) -> Adjustment:
        """Ask to book an adjustment in the name of the asking's token."""
        return await self._service.ask(Adjustment, Question(f"/v1/adjustments/{adjustment_id}/approve", body=b"{}", reads=False), asking)

    async def adjustments(self, asking: Asking) -> Adjustments:
        """Ask what waits for somebody to approve it."""
        return await self._service.ask(Adjustments, Question("/v1/adjustments"), asking)

    async def adjustment(self, adjustment_id: UUID, asking: Asking) -> Adjustment:
        """Ask what became of an adjustment."""
        return await self._service.ask(Adjustment, Question(f"/v1/adjustments/{adjustment_id}"), asking)

    async def transfer(self, wanted: bytes, asking: Asking) -> Transfer:
        """Ask to hand points of one member on to another."""
        return await self._service.ask(Transfer, Question("/v1/transfers", body=wanted, reads=False), asking)

    async def issue_coupons(self, order: bytes, asking: Asking) -> CouponCodes:
        """Ask for new codes of a coupon. The idempotency key travels with the asking."""
        return await self._service.ask(CouponCodes, Question("/v1/coupons", body=order, reads=False), asking)

    async def coupon(self, code: str, asking: Asking, *, programme: str) -> CouponState:
        """Ask what became of a code."""
        return await self._service.ask(CouponState, Question(f"/v1/coupons/{escaped(code, safe='')}", {"programme": programme}), asking)

    async def budgets(self, programme: str, asking: Asking) -> Limits:
        """Ask how much is left of what is limited for all members together."""
        return await self._service.ask(Limits, Question(f"/v1/programmes/{escaped(programme, safe='')}/budgets"), asking)

    async def quote_return(self, wanted: bytes, asking: Asking) -> ReturnQuote:
        """Ask what a return would take."""
        return await self._service.ask(ReturnQuote, Question("/v1/returns/quote", body=wanted), asking)

    async def programmes(self, asking: Asking) -> Programmes:
        """Ask for the programmes, each with the version in force."""
        return await self._service.ask(Programmes, Question("/v1/programmes"), asking)

    async def terms(self, programme: str, language: str, asking: Asking) -> WrittenTerms:
        """Ask for the public terms of the version in force."""
        return await self._service.ask(WrittenTerms, Question(f"/v1/programmes/{escaped(programme, safe='')}/terms", {"lang": language}), asking)

    async def programme(self, programme: str, asking: Asking, *, version: int | None) -> Programme:
        """Ask for one version of a programme; the one in force where none is named."""
        parameters = {} if version is None else {"version": str(version)}
        return await self._service.ask(Programme, Question(f"/v1/programmes/{escaped(programme, safe='')}", parameters), asking)

    async def rewards(self, holder: str, asking: Asking) -> Rewards:
        """Ask what a holder has beside points, and could have."""
        return await self._service.ask(Rewards, Question(f"/v1/accounts/{holder}/rewards"), asking)

    async def redeem(self, wanted: bytes, asking: Asking) -> Entitlement:
        """Ask for a reward in exchange for points. The idempotency key travels with the asking, here and below."""
        return await self._service.ask(Entitlement, Question("/v1/rewards/redeem", body=wanted, reads=False), asking)

    async def entitlement(self, act: str, wanted: bytes, asking: Asking) -> Entitlement:
        """Ask to choose, reserve, release, use or pay an entitlement."""
        return await self._service.ask(Entitlement, Question(f"/v1/entitlements/{act}", body=wanted, reads=False), asking)

    async def use_privilege(self, wanted: bytes, asking: Asking) -> Entitlement:
        """Ask to use a privilege of somebody's tier."""
        return await self._service.ask(Entitlement, Question("/v1/privileges/use", body=wanted, reads=False), asking)

    async def raffle(self, programme: str, raffle: str, asking: Asking) -> Raffle:
        """Ask what was promised and drawn of a raffle."""
        return await self._service.ask(Raffle, Question(_raffle(programme, raffle)), asking)

    async def promise_draw(self, programme: str, raffle: str, asking: Asking) -> Raffle:
        """Ask to promise a draw. The idempotency key travels with the asking, here and below."""
        return await self._service.ask(Raffle, Question(f"{_raffle(programme, raffle)}/commitment", body=b"{}", reads=False), asking)

    async def draw(self, programme: str, raffle: str, wanted: bytes, asking: Asking) -> Raffle:
        """Ask to draw."""
        return await self._service.ask(Raffle, Question(f"{_raffle(programme, raffle)}/draw", body=wanted, reads=False), asking)

    async def drafts(self, asking: Asking) -> Drafts:
        """Ask which versions wait for somebody to approve them."""
        return await self._service.ask(Drafts, Question("/v1/programme-drafts"), asking)

    async def draft(self, draft_id: UUID, asking: Asking) -> OneDraft:
        """Ask for a proposed version, and what it changes for members."""
        return await self._service.ask(OneDraft, Question(f"/v1/programme-drafts/{draft_id}"), asking)

    async def propose(self, text: bytes, asking: Asking, *, media_type: str) -> Draft:
        """Ask to keep a document for somebody else to approve, as it was written: its errors name lines."""
        return await self._service.ask(Draft, Question("/v1/programme-drafts", body=text, reads=False, media_type=media_type), asking)

    async def approve_draft(self, draft_id: UUID, asking: Asking) -> Published:
        """Ask to publish a proposed version in the name of the asking's token."""
        return await self._service.ask(Published, Question(f"/v1/programme-drafts/{draft_id}/approve", body=b"{}", reads=False), asking)

    async def surprise(self, programme: str, surprise: str, asking: Asking) -> Surprise:
        """Ask what was promised of a surprise, and for its seed once it is over."""
        return await self._service.ask(Surprise, Question(f"/v1/surprises/{escaped(programme, safe='')}/{escaped(surprise, safe='')}"), asking)

    async def standings(self, programme: str, contest: str, asking: Asking, *, first: int, holder: str | None = None) -> ContestStandings:
        """Ask how a contest stands, and where a holder is."""
        path = f"{'' if holder is None else f'/accounts/{holder}'}/contests/{escaped(programme, safe='')}/{escaped(contest, safe='')}"
        return await self._service.ask(ContestStandings, Question(f"/v1{path}", {"first": str(first)}), asking)

    async def social_actions(self, wanted: Mapping[str, str], asking: Asking) -> SocialActions:
        """Ask for what members published, a page at a time."""
        return await self._service.ask(SocialActions, Question("/v1/social-actions", wanted), asking)

    async def social_action(self, action_id: UUID, asking: Asking) -> SocialAction:
        """Ask what became of a social action."""
        return await self._service.ask(SocialAction, Question(f"/v1/social-actions/{action_id}"), asking)

    async def approve_social_action(self, action_id: UUID, asking: Asking) -> SocialAction:
        """Ask to let a social action earn, in the name of the asking's token."""
        return await self._service.ask(SocialAction, Question(f"/v1/social-actions/{action_id}/approve", body=b"{}", reads=False), asking)

    async def reject_social_action(self, action_id: UUID, wanted: bytes, asking: Asking) -> SocialAction:
        """Ask to refuse a social action, in the name of the asking's token."""
        return await self._service.ask(SocialAction, Question(f"/v1/social-actions/{action_id}/reject", body=wanted, reads=False), asking)

    async def migration(self, programme: str, name: str, asking: Asking) -> MigrationState:
        """Ask how far a migration is."""
        return await self._service.ask(MigrationState, Question(_migration(programme, name)), asking)

    async def announce(self, programme: str, name: str, wanted: bytes, asking: Asking) -> MigrationState:
        """Ask to keep an announcement of what will be loaded at most."""
        return await self._service.ask(MigrationState, Question(_migration(programme, name), body=wanted, reads=False), asking)

    async def load(self, programme: str, name: str, wanted: bytes, asking: Asking) -> MigrationDone:
        """Ask to load rows of a migration."""
        return await self._service.ask(MigrationDone, Question(f"{_migration(programme, name)}/openings", body=wanted, reads=False), asking)

    async def undo(self, programme: str, name: str, asking: Asking) -> MigrationDone:
        """Ask to take the next rows of a migration back."""
        return await self._service.ask(MigrationDone, Question(f"{_migration(programme, name)}/undo", body=b"{}", reads=False), asking)

    async def live(self, programme: str, name: str, asking: Asking) -> MigrationState:
        """Ask to let a migration count."""
        return await self._service.ask(MigrationState, Question(f"{_migration(programme, name)}/live", body=b"{}", reads=False), asking)

    async def offers(self, wanted: bytes, asking: Asking) -> Offers:
        """Ask to make somebody personal offers."""
        return await self._service.ask(Offers, Question("/v1/offers", body=wanted, reads=False), asking)


def _migration(programme: str, name: str) -> str:
    return f"/v1/migrations/{escaped(programme, safe='')}/{escaped(name, safe='')}"


def _raffle(programme: str, raffle: str) -> str:
    return f"/v1/raffles/{escaped(programme, safe='')}/{escaped(raffle, safe='')}"
