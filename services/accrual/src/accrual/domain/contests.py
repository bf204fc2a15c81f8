"""Contests of a programme version, compiled: what a purchase or an activity scores, when places are final, and what each place brings."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from accrual.domain.amounts import in_units, minor_digits
from accrual.domain.decisions import Explanation, Grant, Operation, Step
from accrual.domain.document import contests as parts
from accrual.domain.document.document import Document
from accrual.domain.document.earning import Goods
from accrual.domain.facts import Activity, Fact, Line, Purchase
from accrual.domain.lifetimes import days_in, end_of, expiry_of, start_of
from accrual.domain.returns import Returned, left_of
from accrual.domain.wording import won

_NOTHING_RETURNED = Returned()
_Wanted = Mapping[str, frozenset[str]]


class Scoring(NamedTuple):
    """One way to score. Amounts by currency, in minor units."""

    score: int
    activities: frozenset[str] | None  #: None: it is about purchases
    include: _Wanted
    exclude: _Wanted
    stores: frozenset[str] | None
    minimum: Mapping[str, int] | None
    per: Mapping[str, int] | None

    def of(self, fact: Fact, paid: Mapping[str, int]) -> int:
        """Return what an event scores, of a purchase as much as was paid for the lines that are left."""
        if isinstance(fact, Activity):
            return self.score if self.activities is not None and fact.kind in self.activities else 0
        if not isinstance(fact, Purchase) or self.activities is not None or (self.stores is not None and fact.store not in self.stores):
            return 0
        if self.minimum is not None and sum(paid.values()) < self.minimum[fact.currency]:
            return 0
        counted = [paid[line.line_id] for line in fact.lines if line.line_id in paid and self._is_about(line)]
        if self.per is None:
            return self.score if counted else 0
        return sum(counted) // self.per[fact.currency] * self.score

    def _is_about(self, line: Line) -> bool:
        return all(words & _said(line, kind) for kind, words in self.include.items()) and not any(
            words & _said(line, kind) for kind, words in self.exclude.items()
        )


class Prize(NamedTuple):
    """What each of some places brings: a reward, or points in the smallest unit."""

    first: int
    last: int
    reward: str | None
    points: int


class Contest(NamedTuple):
    """One contest. It scores from `starts_at` until `ends_at`; from `settles_at` on its places are final."""

    id: str
    names: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    settles_at: datetime
    members_only: bool
    shared: bool  #: equal scores share their place
    scorings: tuple[Scoring, ...]
    prizes: tuple[Prize, ...]
    lives_until: datetime | None  #: of points won: they live as if earned on the day of settlement

    @property
    def places(self) -> int:
        """Return the last place that has a prize."""
        return max(prize.last for prize in self.prizes)

    def prize_of(self, place: int) -> Prize | None:
        """Return what a place brings, if anything."""
        return next((prize for prize in self.prizes if prize.first <= place <= prize.last), None)

    def state(self, *, at: datetime) -> Literal["ahead", "open", "closed"]:
        """Tell whether it scores at a moment, or before, or no longer."""
        return "ahead" if at < self.starts_at else "open" if at < self.ends_at else "closed"

    def grant(self, prize: Prize, *, place: int, score: int) -> Grant:
        """Return the points of a place, with the words that explain them. They can be used at once."""
        step = Step(self.id, Operation.FIXED, prize.points, 1, (), None, (won, place, score))
        return Grant(Explanation(prize.points, (step,)), self.settles_at, self.lives_until)

    def score_of(self, fact: Fact, returned: Returned) -> int:
        """Return what an event scores once so much of it came back. Nothing outside the contest's days."""
        if not self.starts_at <= fact.occurred_at < self.ends_at:
            return 0
        paid = {line_id: left.amount for line_id, left in left_of(fact, returned).lines.items()} if isinstance(fact, Purchase) else {}
        return sum(scoring.of(fact, paid) for scoring in self.scorings)


class Contests:
    """The contests of a programme version. Immutable."""

    def __init__(self, document: Document) -> None:
        """Take a document that was checked."""
        self._by_id = {part.id: _contest(part, document) for part in document.contests}

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._by_id)

    def get(self, contest: str) -> Contest | None:
        """Return a contest by its id."""
        return self._by_id.get(contest)

    def all(self) -> Iterable[Contest]:
        """Return all contests, as written."""
        return self._by_id.values()

    def scores(self, fact: Fact, returned: Returned = _NOTHING_RETURNED) -> dict[str, int]:
        """Return what an event scores in which contest, those left out in which it scores nothing."""
        return {contest.id: score for contest in self._by_id.values() if (score := contest.score_of(fact, returned))}


def _contest(part: parts.Contest, document: Document) -> Contest:
    zone = ZoneInfo(document.zone)
    ends = start_of(part.until + timedelta(days=1), zone)
    return Contest(
        id=part.id,
        names=part.name or {},
        starts_at=start_of(part.first, zone),
        ends_at=ends,
        settles_at=start_of(part.until + timedelta(days=1 + days_in(part.settle)), zone),
        members_only=part.who == "members",
        shared=part.ties == "shared",
        scorings=tuple(_scoring(score, document) for score in part.score),
        lives_until=_lives_until(document, part.until + timedelta(days=1 + days_in(part.settle)), zone),
        prizes=tuple(Prize(prize.first, prize.last, prize.reward, _points(prize.points, document)) for prize in part.prizes),
    )


def _lives_until(document: Document, day: date, zone: ZoneInfo) -> datetime | None:
    ends = [
        None if document.expiry is None else expiry_of(document.expiry, day, zone),
        None if document.close is None else end_of(document.close.spend_until, zone),
    ]
    return min((end for end in ends if end is not None), default=None)


def _scoring(part: parts.Score, document: Document) -> Scoring:
    return Scoring(
        score=part.score,
        activities=None if part.activity is None else frozenset(part.activity),
        include=_wanted(part.when),
        exclude={} if part.when.exclude is None else _wanted(part.when.exclude),
        stores=None if part.when.store is None else frozenset(part.when.store),
        minimum=_money(part.when.minimum, document),
        per=_money(part.per, document),
    )


def _points(points: Decimal | None, document: Document) -> int:
    return 0 if points is None else in_units(points, document.points.decimals) or 0


def _money(money: Decimal | dict[str, Decimal] | None, document: Document) -> dict[str, int] | None:
    if money is None:
        return None
    amounts = dict.fromkeys(document.all_currencies, money) if isinstance(money, Decimal) else money
    return {currency: in_units(amount, minor_digits(currency)) or 0 for currency, amount in amounts.items()}


def _wanted(goods: Goods) -> _Wanted:
    return {kind: frozenset(words) for kind in Goods.model_fields if (words := getattr(goods, kind)) is not None}


def _said(line: Line, kind: str) -> frozenset[str]:
    """Return what a line says of itself: one word, several labels, or nothing."""
    if kind == "label":
        return frozenset(line.labels)
    word = getattr(line, kind)
    return frozenset() if word is None else frozenset((word,))
