"""Contests: who scores most in a while, by rules of their own, wins the prizes of the first places."""

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from accrual.domain.amounts import MAX_POINTS, in_units
from accrual.domain.document.earning import Goods
from accrual.domain.document.grammar import DISTINCT, EXPECTED, ONE_OR_MORE, WHOLE, Amount, Day, Days, Ids, Label, Language, Money, Slug, day_of, problem
from accrual.domain.document.money import money_findings
from accrual.domain.document.parts import Part
from accrual.domain.document.problems import Finding, Path

if TYPE_CHECKING:
    from accrual.domain.document.document import Document

_PLACES = r"^[1-9]\d{0,2}(-[1-9]\d{0,2})?$"
EXPECTED[_PLACES] = "a place, as 1, or several, as 2-3"


class ScoreWhen(Goods):
    """Which purchases score, and which of their goods."""

    exclude: Goods | None = None
    store: Ids | None = None
    minimum: Money | None = None  #: of what was paid for all goods of the receipt that did not come back


class Score(Part):
    """What scores how much: a purchase, each full amount paid for its goods, or an activity."""

    score: Annotated[int, Field(ge=1, le=1_000_000), WHOLE]
    on: Literal["purchase", "activity"] = "purchase"
    activity: Ids | None = None
    per: Money | None = None
    when: ScoreWhen = ScoreWhen()

    @model_validator(mode="after")
    def _fits_its_trigger(self) -> "Score":
        if (self.on == "activity") != (self.activity is not None):
            raise problem("says not which activity, or names one of a purchase", "write on: activity, activity: review-written")
        if self.on == "activity" and (self.per is not None or self.when.model_fields_set):
            raise problem("an activity has no money and no goods", "keep score, on and activity")
        return self


class ContestPrize(Part):
    """What the holder of each of these places gets."""

    places: Annotated[str, StringConstraints(pattern=_PLACES)]
    reward: Slug | None = None
    points: Amount | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> "ContestPrize":
        if (self.reward is None) == (self.points is None):
            raise problem("gives nothing, or two things", "write either reward: mug or points: 500")
        if self.last < self.first:
            raise problem(f"place {self.first} comes after place {self.last}", f"write {self.last}-{self.first}")
        return self

    @property
    def first(self) -> int:
        """Return the first of the places."""
        return int(self.places.partition("-")[0])

    @property
    def last(self) -> int:
        """Return the last of the places."""
        return int(self.places.rpartition("-")[2])


class Contest(Part):
    """From the start of one day to the end of another, in the programme's zone; places are settled some days later, for goods may come back."""

    id: Slug
    name: dict[Language, Label] | None = None
    first: Annotated[Day, Field(alias="from")]
    until: Day
    who: Literal["members", "everybody"] = "members"
    score: Annotated[tuple[Score, ...], ONE_OR_MORE, DISTINCT, Field(max_length=50)]
    ties: Literal["earliest", "shared"] = "earliest"  #: the place is whose score stood first, or everybody's who has as much
    prizes: Annotated[tuple[ContestPrize, ...], ONE_OR_MORE, DISTINCT, Field(max_length=100)]
    settle: Days = "3 days"  #: after its last day

    @model_validator(mode="after")
    def _has_sense(self) -> "Contest":
        if self.until < self.first:
            raise problem(f"ends on {self.until}, before it starts on {self.first}", "exchange from and until")
        for one, other in combinations(self.prizes, 2):
            if one.first <= other.last and other.first <= one.last:
                raise problem(f"a place has two prizes: {one.places} and {other.places}", "give each place one")
        return self


Contests = Annotated[tuple[Contest, ...], ONE_OR_MORE, DISTINCT, Field(max_length=50)]


def contest_findings(document: "Document") -> Iterator[Finding]:
    """Yield why a contest could not be held as the document says."""
    for number, contest in enumerate(document.contests):
        path: Path = ("contests", number)
        if contest.id in [other.id for other in document.contests[:number]]:
            yield Finding((*path, "id"), f"another one is called `{contest.id}` too", "give each an id of its own")
        last = document.effective_until
        if last is not None and contest.until > day_of(last):
            yield Finding((*path, "until"), f"goes on when the version has ended on {day_of(last)}", "let it end before")
        for place, score in enumerate(contest.score):
            yield from money_findings(score.per, (*path, "score", place, "per"), document.all_currencies)
            yield from money_findings(score.when.minimum, (*path, "score", place, "when", "minimum"), document.all_currencies)
        for place, prize in enumerate(contest.prizes):
            yield from _prize_findings(prize, (*path, "prizes", place), document)


def _prize_findings(prize: ContestPrize, path: Path, document: "Document") -> Iterator[Finding]:
    known = {reward.id: reward for reward in document.rewards}
    if prize.reward is not None and prize.reward not in known:
        advice = f"known here: {', '.join(known)}" if known else "add it to `rewards`"
        yield Finding((*path, "reward"), f"`{prize.reward}` is not a reward of the programme", advice)
    elif prize.reward is not None and (stock := known[prize.reward].stock) is not None and stock < prize.last - prize.first + 1:
        yield Finding((*path, "reward"), f"there are {stock}, and {prize.last - prize.first + 1} places", "raise the stock, or give it to fewer places")
    if prize.points is None:
        return
    units = in_units(prize.points, document.points.decimals)
    if "points" not in document.model_fields_set:
        yield Finding((*path, "points"), "gives points, and the document does not say what a point is", "add points: {name: {en: points}, worth: 0.01}")
    elif units is None:
        yield Finding((*path, "points"), f"{prize.points} points are finer than {document.points.decimals} decimals", "write fewer decimals")
    elif units > MAX_POINTS:
        yield Finding((*path, "points"), f"{prize.points} points are more than an account can hold", "give less")
