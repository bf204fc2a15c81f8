"""What can earn beside purchases: activities and registrations. Each is known by a key of its own and earns once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from pydantic import TypeAdapter

from accrual.domain.decisions import Refusal
from accrual.domain.facts import Activity, Fact, Registration
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.handlers import rewards
from accrual.handlers.books import Books
from accrual.handlers.earning import Earning, earn, outcome_of
from accrual.handlers.inviting import invited_by
from accrual.handlers.keys import deed_key
from accrual.handlers.posts import Post, Posts, post_of
from accrual.handlers.rewards import Origin
from accrual.handlers.routes import Route
from accrual.store import Connection, causes, referrals
from accrual.store.accounts import Counted
from accrual.store.causes import Decided
from accrual.store.holders import Wanted
from accrual.store.ledger import Cause
from accrual.store.referrals import Referral
from contracts.activities import ActivityRecorded
from contracts.envelope import Event
from contracts.identifiers import member_holder
from contracts.members import MemberRegistered
from contracts.verdicts import Verdict
from shared.batches import Outcome
from shared.ids import event_key
from shared.outbox import Message

_DUPLICATE, _WAITING = Outcome(Verdict.DUPLICATE), Outcome(Verdict.WAITING)
_ACTIVITIES = TypeAdapter(ActivityRecorded)


@dataclass(frozen=True, slots=True)
class Deed:
    """An activity or a registration, with the programme version that decides it, or why none does."""

    event: Event[Any]
    key: bytes
    holder: str
    fact: Fact
    programme: Programme | Refusal
    origin: Origin
    body: bytes
    inviter: Wanted | None = None  #: of a registration, in a programme that gives something for friends
    post: Post | None = None  #: what a social action shows

    @property
    def wanted(self) -> Wanted | None:
        """Return whose account is needed, if any."""
        return None if isinstance(self.programme, Refusal) else Wanted(self.holder, self.programme.terms.id)

    @property
    def anchors(self) -> tuple[bytes, ...]:
        """Return the keys under which it meets whoever tells the same deed, or shows the same link."""
        return (self.key,) if self.post is None else (self.key, self.post.key)


def activity(event: Event[ActivityRecorded], programmes: Programmes, *, now: datetime) -> Deed:
    """Read an activity. Its body is kept without the holder."""
    data, occurred_at = event.data, event.data.occurred_at.astimezone(UTC)
    fact = Activity(programme=data.programme, kind=data.kind, occurred_at=occurred_at, zone=data.zone, subject=data.subject)
    programme = programmes.select(fact, now=now)
    post = None if isinstance(programme, Refusal) else post_of(data, programme)
    return Deed(
        event=event,
        key=deed_key(data.programme, "activity", data.kind, data.activity_id),
        holder=data.holder,
        fact=fact,
        programme=post if isinstance(post, Refusal) else programme,
        origin=Origin(event.source, event.id, "activity", occurred_at, activity=data.kind, traceparent=event.traceparent),
        body=_ACTIVITIES.dump_json(data, exclude={"holder"}, exclude_defaults=True),
        post=None if isinstance(post, Refusal) else post,
    )


def read_activity(body: bytes, holder: str) -> ActivityRecorded:
    """Read an activity back whose body was kept, for whoever it belongs to now."""
    return _ACTIVITIES.validate_json(orjson.dumps({**orjson.loads(body), "holder": holder}))


def registration(event: Event[MemberRegistered], programmes: Programmes, *, now: datetime) -> Deed:
    """Read a registration. Nothing of its body is kept: it says whose it is."""
    data, occurred_at = event.data, event.data.registered_at.astimezone(UTC)
    fact = Registration(programme=data.programme, occurred_at=occurred_at)
    programme = programmes.select(fact, now=now)
    refers = isinstance(programme, Programme) and programme.referrals is not None
    return Deed(
        event=event,
        key=deed_key(data.programme, "registration", str(data.member_id)),
        holder=member_holder(data.member_id),
        fact=fact,
        programme=programme,
        origin=Origin(event.source, event.id, "registration", occurred_at, traceparent=event.traceparent),
        body=b"{}",
        inviter=Wanted(data.referred_by, data.programme) if refers and data.referred_by is not None else None,
    )


def counted_by(deeds: Iterable[Deed], route: Route) -> set[Counted]:
    """Return which counters of which accounts deciding these will ask for."""
    return {
        (route.to(deed.wanted).account_id, key)
        for deed in deeds
        if deed.wanted is not None and isinstance(deed.programme, Programme)
        for key in deed.programme.counters(deed.fact)
    }


def decided_by(deeds: Iterable[Deed]) -> list[tuple[Programme, Fact]]:
    """Return which programme version decides which fact; refusals are left out."""
    return [(deed.programme, deed.fact) for deed in deeds if isinstance(deed.programme, Programme)]


class Deeds:
    """Decides the deeds of one batch in their order. Nothing is written before `save`."""

    def __init__(self, books: Books, route: Route, done: set[bytes], *, now: datetime, posts: Posts | None = None) -> None:
        self._books = books
        self._route = route
        self._done = set(done)
        self._posts = posts if posts is not None else Posts()
        self._now = now
        self._decided: list[Decided] = []
        self._invited: list[Referral] = []
        self.messages: list[Message] = []

    def decide(self, deed: Deed) -> Outcome:
        """Give a deed its verdict."""
        if deed.key in self._done:
            return _DUPLICATE
        if isinstance(deed.programme, Refusal):
            return self._refuse(deed, deed.programme)
        earning = self._earning(deed, deed.programme)
        if deed.post is not None and (shown := self._show(deed, deed.post, earning)) is not None:
            return shown
        earned = earn(self._books, earning, now=self._now)
        if isinstance(earned, Refusal):
            return self._refuse(deed, earned)
        decided, messages = earned
        if isinstance(deed.fact, Registration) and decided.account_id is not None:
            self._books.join(decided.account_id, at=deed.fact.occurred_at)
            self._invited += invited_by(deed, decided.account_id, self._route)
        if deed.post is not None and decided.account_id is not None:
            self._posts.accept(deed.post, deed.event, deed.key, decided.account_id, now=self._now)
        self._done.add(deed.key)
        self._decided.append(decided)
        self.messages += messages
        return outcome_of(decided)

    async def save(self, connection: Connection) -> None:
        """Write the deeds with their decisions, and who was invited by whom."""
        await causes.add_activities(connection, self._decided, decided_at=self._now)
        await referrals.add(connection, self._invited)
        await self._posts.save(connection, now=self._now)

    def _show(self, deed: Deed, post: Post, earning: Earning) -> Outcome | None:
        """Refuse a link that was shown before, and let one wait that somebody has to look at. None: it may earn at once."""
        known = self._posts.refusal(post)
        if known is not None:
            return self._refuse(deed, known)
        if post.action.approval == "none" or earning.owned is None:
            return None
        self._done.add(deed.key)
        self._posts.wait(post, deed.event, deed.key, earning.owned.account_id, deed.body, now=self._now)
        return _WAITING

    def _refuse(self, deed: Deed, refusal: Refusal) -> Outcome:
        programme = deed.programme.terms.id if isinstance(deed.programme, Programme) else None
        message = rewards.refused(refusal.reason, refusal.text, programme=programme, holder=deed.holder, origin=deed.origin, now=self._now)
        self.messages.append(message)
        return Outcome(Verdict.REFUSED, refusal.reason)

    def _earning(self, deed: Deed, programme: Programme) -> Earning:
        event, owned = deed.event, self._route.to(Wanted(deed.holder, programme.terms.id))
        return Earning(programme, deed.fact, owned, deed.origin, Cause(deed.key, None), event_key(event.source, event.id), deed.body)
