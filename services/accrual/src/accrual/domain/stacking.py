"""Which of several matching rules apply: by default all; an exclusive one alone; of a best-of group the one that gives most."""

from collections.abc import Sequence
from math import lcm

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.decisions import NotGiven
from accrual.domain.rules import CompiledRule, Day, Share

Chosen = tuple[list[Share], list[Share], list[CompiledRule]]

_WORDS = {"exclusive-rule": "`{}` applies alone", "not-the-best": "`{}` gives more"}


def chosen(
    earned: list[Share], fixed: list[Share], multipliers: list[CompiledRule], *, state: AccountState, day: Day, not_given: list[NotGiven]
) -> Chosen:
    """Return the base rules, fixed rules and multipliers that apply. What multipliers do among themselves comes later.

    Rules are compared by what each gives by itself, before multipliers, and no more than its caps leave.
    """
    shares = earned + fixed
    exclusive = [share.rule for share in shares if share.rule.exclusive]
    if exclusive:
        winner = min(exclusive, key=lambda rule: rule.rank)
        not_given += [silenced(share.rule, "exclusive-rule", winner) for share in shares if share.rule is not winner]
        not_given += [silenced(rule, "exclusive-rule", winner) for rule in multipliers]
        return [share for share in earned if share.rule is winner], [share for share in fixed if share.rule is winner], []
    losers: set[str] = set()
    for group in {share.rule.group for share in shares if share.rule.group is not None}:
        members = sorted((share for share in shares if share.rule.group == group), key=lambda share: share.rule.rank)
        winner = most_giving([(share.rule, *_within_caps(share, state, day)) for share in members])
        for share in members:
            if share.rule is not winner:
                losers.add(share.rule.id)
                not_given.append(silenced(share.rule, "not-the-best", winner))
    return [share for share in earned if share.rule.id not in losers], [share for share in fixed if share.rule.id not in losers], multipliers


def most_giving(offers: Sequence[tuple[CompiledRule, int, int]]) -> CompiledRule:
    """Return the rule of the largest rational; on a tie the first."""
    common = lcm(*(denominator for _, _, denominator in offers))
    best, _, _ = max(offers, key=lambda offer: offer[1] * (common // offer[2]))
    return best


def silenced(rule: CompiledRule, reason: str, winner: CompiledRule) -> NotGiven:
    """Say which rule took this one's place."""
    return NotGiven(rule.id, reason, _WORDS[reason].format(winner.id))


def _within_caps(share: Share, state: AccountState, day: Day) -> tuple[int, int]:
    room = points_left(share.rule, state, day)
    if room is not None and share.numerator > room * share.denominator:
        return room, 1
    return share.numerator, share.denominator


def points_left(rule: CompiledRule, state: AccountState, day: Day) -> int | None:
    """Return how many points a rule's caps still leave it; None where nothing limits them."""
    rooms = [
        limit.amount - (state.counters.get(CounterKey(rule.id, day.periods[limit.slot]), 0) if limit.slot else 0)
        for limit in rule.limits
        if limit.counts_points
    ]
    return min(rooms) if rooms else None
