"""What members get that is not points: a catalogue of rewards, privileges of tiers, surprises, raffles and personal offers."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from accrual.domain.document.earning import Goods
from accrual.domain.document.grammar import (
    DISTINCT,
    EXPECTED,
    ONE_OR_MORE,
    WHOLE,
    Amount,
    Day,
    DayOrMoment,
    Days,
    Label,
    Language,
    Money,
    Slug,
    Slugs,
    Span,
    problem,
)
from accrual.domain.document.parts import Part

Kind = Literal["gift", "sample", "discount", "delivery", "service", "cashback", "ticket", "donation"]
Period = Literal["day", "week", "month", "year", "ever"]

_CHANCE = r"^\d{1,2}(\.\d{1,4})?%$"
_LINE = r"^[^\r\n]{1,300}$"
EXPECTED[_LINE] = "one line of at most 300 characters"
EXPECTED[_CHANCE] = "a share below 100 %, as 2% or 0.5%"
_ALL_PERCENT = 100

Times = Annotated[int, Field(ge=1, le=1_000_000_000), WHOLE]


class Limit(Part):
    """At most so many times per member and period of the programme's calendar (weeks start on Monday)."""

    times: Times
    per: Period = "ever"


class Reward(Part):
    """One reward of the catalogue: a thing of some kind, or a choice between several of them."""

    id: Slug
    name: dict[Language, Label] = {}  # noqa: RUF012  pydantic copies it
    kind: Kind | None = None
    cost: Amount | None = None  #: points for which a member gets it; not given: it is earned, and cannot be bought
    price: Money | None = None  #: money that the member pays beside the points
    stock: Times | None = None  #: so many are given to all members together, those taken back not counted
    per_member: Limit | None = None
    tier: Slugs | None = None
    valid: Span | None = None  #: to the end of the last day; not given: for ever
    uses: Annotated[int, Field(ge=1, le=1_000), WHOLE] = 1
    percent: Amount | None = None
    amount: Money | None = None
    on: Goods | None = None  #: the goods that a discount is for; all where not given
    returns: Literal["take_back", "keep"] = "take_back"  #: when nothing is left of the purchase for which it was given
    choice: Slugs | None = None
    default: Slug | None = None
    within: Days | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Reward":
        if (self.kind is None) == (self.choice is None):
            raise problem("needs either a kind or a choice", "write kind: gift, or choice: [free-drink, free-cake] of other rewards")
        if self.choice is None:
            self._check_thing()
        elif self.model_fields_set - {"id", "name", "choice", "default", "within", "returns"}:
            raise problem("a choice has nothing of its own", "keep id, name, choice, default, within and returns; what is chosen says the rest")
        elif (self.default is None) != (self.within is None):
            raise problem("default and within belong together", "say what is given to those who do not choose in time, as default: free-drink, within: 14 days")
        elif self.default is not None and self.default not in self.choice:
            raise problem(f"{self.default} is not in the choice", f"take one of {', '.join(self.choice)}")
        return self

    def _check_thing(self) -> None:
        if self.default is not None or self.within is not None:
            raise problem("default and within belong to a choice", "remove them")
        if self.price is not None and self.cost is None:
            raise problem("a price beside no points", "add cost, the points that are paid beside the money")
        if self.percent is not None and self.percent > Decimal(_ALL_PERCENT):
            raise problem("more than 100 percent", "write at most 100")
        given = (self.percent is not None) + (self.amount is not None)
        if self.kind == "discount" and given != 1:
            raise problem("a discount says neither how much, or says it twice", "write either percent: 10 or amount: 5.00")
        if self.kind == "cashback" and (self.amount is None or self.percent is not None):
            raise problem("cashback is an amount of money", "write amount: 5.00")
        if self.kind not in {"discount", "cashback"} and given:
            raise problem(f"a {self.kind} has neither percent nor amount", "remove them, or write kind: discount")
        if self.on is not None and self.kind != "discount":
            raise problem("`on` belongs to a discount", "remove it")


class Privilege(Part):
    """What members of some tiers may have so many times a period, without asking for it first."""

    id: Slug
    name: dict[Language, Label] = {}  # noqa: RUF012  pydantic copies it
    tier: Slugs
    uses: Annotated[int, Field(ge=1, le=1_000), WHOLE]
    per: Literal["day", "week", "month", "year"]


class Surprise(Part):
    """A gift that an eligible purchase brings with a probability. A secret seed and the purchase decide; the seed is promised before and shown after."""

    id: Slug
    reward: Slug
    chance: Annotated[str, StringConstraints(pattern=_CHANCE)]
    until: Day | None = None  #: to its end; not given: while it is in the document
    minimum: Money | None = None  #: of what was paid for the lines
    budget: Times | None = None  #: so many gifts in all


class Prize(Part):
    """So many winners get this reward."""

    reward: Slug
    count: Annotated[int, Field(ge=1, le=10_000), WHOLE] = 1


class Beacon(Part):
    """A public value that nobody can know before its time, and everybody afterwards: it decides the draw together with a secret seed."""

    source: Annotated[str, StringConstraints(pattern=_LINE)]  #: in words that leave no doubt, as `the closing value of the MOEX index on 2 April 2026`
    at: DayOrMoment  #: when it becomes known; not earlier may be drawn


class Raffle(Part):
    """Prizes for some of the tickets. The first prizes belong to the tickets drawn first."""

    id: Slug
    name: dict[Language, Label] = {}  # noqa: RUF012  pydantic copies it
    ticket: Slug  #: a reward of kind ticket
    closes: DayOrMoment  #: tickets count that were given before; what is told later brings none
    beacon: Beacon
    prizes: Annotated[tuple[Prize, ...], Field(min_length=1, max_length=100)]


class Often(Part):
    """Bought with at least so many purchases within so many days."""

    times: Annotated[int, Field(ge=2, le=100), WHOLE]
    within: Days


class Offer(Part):
    """A personal proposal: a discount on what the member often buys. At most one of a kind is live."""

    id: Slug
    reward: Slug  #: a discount; it is for the goods found, whatever its own `on` says
    bought_often: Often
    budget: Times | None = None


RewardList = Annotated[tuple[Reward, ...], Field(max_length=500)]
Privileges = Annotated[tuple[Privilege, ...], Field(max_length=100)]
Surprises = Annotated[tuple[Surprise, ...], ONE_OR_MORE, DISTINCT]
Raffles = Annotated[tuple[Raffle, ...], ONE_OR_MORE, DISTINCT]
Offers = Annotated[tuple[Offer, ...], ONE_OR_MORE, DISTINCT]
