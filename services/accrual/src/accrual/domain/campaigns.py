"""Campaigns on top of a programme's own rules: which of them apply, and how much of their budgets is left."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from math import ceil
from typing import Literal

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.budgets import budget_key
from accrual.domain.decisions import NotGiven, Operation, Step
from accrual.domain.rules import Share
from accrual.domain.wording import over_budget


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledCampaign:
    """One campaign, with its budgets in smallest units and in one currency."""

    id: str
    points: int | None = None
    grants: int | None = None
    money: int | None = None
    currency: str = ""
    worth: Fraction = Fraction(0)  #: of the smallest unit of points, in minor units
    words: str = ""  #: `1000 points`

    @property
    def keys(self) -> tuple[CounterKey, ...]:
        """The counters of all accounts together that its budget needs."""
        return tuple(key for _, _, key in self._limits())

    def room(self, state: AccountState) -> int | None:
        """Return how many points it may still give; None where that is not limited."""
        rooms = [self._points(what, max(limit - state.shared.get(key, 0), 0)) for what, limit, key in self._limits()]
        return min((room for room in rooms if room is not None), default=None)

    def is_spent(self, state: AccountState) -> bool:
        """Tell whether it can give nothing more at all."""
        return any(state.shared.get(key, 0) >= limit for _, limit, key in self._limits()) or self.room(state) == 0

    def used(self, points: int, *, gives: bool) -> tuple[tuple[CounterKey, int], ...]:
        """Return how much of its budget points take, for one event that is given them, or rewards."""
        amounts = {"points": points, "grants": int(gives), "money": ceil(points * self.worth)}
        return tuple((key, amounts[what]) for what, _, key in self._limits() if amounts[what])

    def _limits(self) -> Iterator[tuple[str, int, CounterKey]]:
        if self.points is not None:
            yield "points", self.points, budget_key(self.id, "points")
        if self.grants is not None:
            yield "grants", self.grants, budget_key(self.id, "grants")
        if self.money is not None:
            yield "money", self.money, budget_key(self.id, f"money/{self.currency}")

    def _points(self, what: str, left: int) -> int | None:
        """Return how many points what is left of one budget allows; None for any number."""
        if what == "points":
            return left
        if what == "grants":
            return None if left else 0
        return left * self.worth.denominator // self.worth.numerator if self.worth else None


Stacking = Literal["all", "best", "newest"]


def applying(shares: Sequence[Share], stacking: Stacking, *, not_given: list[NotGiven]) -> list[Share]:
    """Return what those campaigns give that apply. Two are compared by what they give before caps and budgets; on a tie the first wins."""
    by_campaign = [(campaign, list(found)) for campaign, found in groupby(shares, key=lambda share: share[0].campaign) if campaign is not None]
    giving = [(campaign, found) for campaign, found in by_campaign if any(step.numerator or step.operation is Operation.REWARD for _, step in found)]
    if stacking == "all" or len(giving) < 2:  # noqa: PLR2004  one has no other to give way to
        return list(shares)
    winner = giving[-1] if stacking == "newest" else max(giving, key=lambda found: sum(Fraction(step.numerator, step.denominator) for _, step in found[1]))
    for campaign, found in by_campaign:
        if campaign is not winner[0]:
            not_given += [NotGiven(rule.id, "other-campaign", f"`{winner[0].id}` applies alone") for rule, _ in found]
    return winner[1]


def cut(shares: Sequence[Share], amounts: Sequence[tuple[int, int]], rooms: Mapping[str, int], steps: list[Step], *, digits: int) -> list[tuple[int, int]]:
    """Return amounts, as rationals, with the sum of each campaign cut to the room in its budget: from its last rule on."""
    left = list(amounts)
    places = [place for place, (rule, _) in enumerate(shares) if rule.campaign is not None and rule.campaign.id in rooms]
    for campaign, found in groupby(places, key=lambda place: shares[place][0].campaign):
        mine = list(found)
        total, room = sum(Fraction(*amounts[place]) for place in mine), rooms[campaign.id] if campaign is not None else 0
        if campaign is None or total <= room:
            continue
        say = (over_budget, campaign.words, room, total.numerator, total.denominator, digits)
        excess = total - room
        steps.append(Step(campaign.id, Operation.CAP, -excess.numerator, excess.denominator, (), None, say))
        for place in reversed(mine):
            taken = min(excess, Fraction(*amounts[place]))
            rest = Fraction(*amounts[place]) - taken
            left[place], excess = (rest.numerator, rest.denominator), excess - taken
    return left
