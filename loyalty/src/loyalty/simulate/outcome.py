"""What came of a simulation: by month, by rule, by member, and in all. Points are in the programme's smallest unit, money in minor units."""

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

Month = tuple[int, int]
"""Year and month, in the programme's zone."""


@dataclass(slots=True)
class MonthSums:
    """One month."""

    purchases: int = 0
    revenue: int = 0  #: all of it, less what came back
    members_revenue: int = 0  #: of identified customers
    issued: int = 0
    taken_back: int = 0
    spent: int = 0
    expired: int = 0
    discounts: int = 0
    active: dict[str, str | None] = field(default_factory=dict)  #: members who bought, with their level at their last purchase of the month
    new: int = 0  #: members whose first purchase it was

    @property
    def tiers(self) -> Counter[str]:
        """Count members who bought by their level."""
        return Counter(level for level in self.active.values() if level is not None)


@dataclass(slots=True)
class RuleSums:
    """One rule: what it added to the points, how often it did, and how often a cap cut it."""

    points: Fraction = Fraction(0)
    times: int = 0
    capped: int = 0


@dataclass(slots=True)
class MemberSums:
    """One member."""

    purchases: int = 0
    revenue: int = 0
    issued: int = 0
    taken_back: int = 0
    spent: int = 0
    discounts: int = 0  #: money taken off
    open: int = 0  #: expected to be spent later
    tier: str | None = None

    @property
    def kept(self) -> int:
        """Points issued and not taken back."""
        return self.issued - self.taken_back


@dataclass(slots=True, kw_only=True)
class Outcome:
    """Everything a simulation found."""

    redemption: Fraction
    worth: Fraction  #: of the smallest unit of points, in minor units
    months: dict[Month, MonthSums] = field(default_factory=dict)
    rules: dict[str, RuleSums] = field(default_factory=dict)
    members: dict[str, MemberSums] = field(default_factory=dict)
    purchases: int = 0
    anonymous: int = 0  #: purchases of nobody
    returns: int = 0
    unmatched_returns: int = 0  #: lines of goods that nobody is known to have bought
    revenue: int = 0
    cost_of_goods: int | None = 0  #: None once it is not known of some purchase
    open_points: int = 0
    forgiven: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    silent: Counter[tuple[str, str, str]] = field(default_factory=Counter)  #: (rule, reason, words)
    by_before: int = 0  #: purchases and activities decided by the version before, as a transition says
    rewards: Counter[str] = field(default_factory=Counter)
    discounts: dict[str, tuple[int, int]] = field(default_factory=dict)  #: by discount: how often, and the money taken off

    @property
    def members_revenue(self) -> int:
        """What members paid, less what they brought back."""
        return sum(month.members_revenue for month in self.months.values())

    @property
    def issued(self) -> int:
        """Points issued."""
        return sum(month.issued for month in self.months.values())

    @property
    def taken_back(self) -> int:
        """Points taken back for returns."""
        return sum(month.taken_back for month in self.months.values())

    @property
    def spent(self) -> int:
        """Points spent, as expected."""
        return sum(month.spent for month in self.months.values())

    @property
    def expired(self) -> int:
        """Points that expired within the history."""
        return sum(month.expired for month in self.months.values())

    def benefit(self, member: MemberSums) -> Fraction:
        """Return what a member got: points kept at full worth, and discounts."""
        return self.money(member.kept) + member.discounts

    def money(self, points: int | Fraction) -> Fraction:
        """Return what points are worth in minor units, exactly."""
        return points * self.worth

    @property
    def cost(self) -> Fraction:
        """What points cost at expected redemption, those spent and those open that will be; and what discounts took off."""
        return self.money(self.spent + self.open_points) + self.discounted

    @property
    def most_cost(self) -> Fraction:
        """What it would cost if every point kept were spent."""
        return self.money(self.issued - self.taken_back) + self.discounted

    @property
    def discounted(self) -> int:
        """What discounts took off."""
        return sum(amount for _, amount in self.discounts.values())

    @property
    def cost_share(self) -> Fraction:
        """The cost as a part of what members paid; 0 where they paid nothing."""
        return self.cost / self.members_revenue if self.members_revenue > 0 else Fraction(0)

    @property
    def return_share(self) -> Fraction:
        """What members get for what they pay: the effective return, points at full worth."""
        return self.most_cost / self.members_revenue if self.members_revenue > 0 else Fraction(0)
