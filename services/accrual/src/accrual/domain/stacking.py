"""Which of several matching rules apply: by default all; an exclusive one alone; of a best-of group the one that gives most."""

from collections.abc import Sequence
from math import lcm

from accrual.domain.accounts import AccountState
from accrual.domain.decisions import NotGiven
from accrual.domain.rules import CompiledRule, Day, Share

Shares = list[Share]
Chosen = tuple[Shares, Shares, tuple[CompiledRule, ...]]

_WORDS = {"exclusive-rule": "`{}` applies alone", "not-the-best": "`{}` gives more"}


def chosen(earned: Shares, fixed: Shares, multipliers: tuple[CompiledRule, ...], *, state: AccountState, day: Day, not_given: list[NotGiven]) -> Chosen:
    """Return the base rules, fixed rules and multipliers that apply. What multipliers do among themselves comes later.

    Rules are compared by what each gives by itself, before multipliers, and no more than its caps leave.
    """
    shares = sorted(earned + fixed, key=lambda share: share[0].rank)
    exclusive = [rule for rule, _ in shares if rule.exclusive]
    kept = {rule.id for rule, _ in shares}
    if exclusive:
        kept = {exclusive[0].id}
        not_given += [silenced(rule, "exclusive-rule", exclusive[0]) for rule in (*(rule for rule, _ in shares), *multipliers) if rule.id not in kept]
        multipliers = ()
    else:
        for group in {rule.group for rule, _ in shares if rule.group is not None}:
            members = [(rule, step) for rule, step in shares if rule.group == group]
            winner = most_giving([(rule, *_within_caps((rule, step), state, day)) for rule, step in members])
            not_given += [silenced(rule, "not-the-best", winner) for rule, _ in members if rule is not winner]
            kept -= {rule.id for rule, _ in members if rule is not winner}
    return [share for share in earned if share[0].id in kept], [share for share in fixed if share[0].id in kept], multipliers


def most_giving(offers: Sequence[tuple[CompiledRule, int, int]]) -> CompiledRule:
    """Return the rule of the largest rational; on a tie the first."""
    common = lcm(*(denominator for _, _, denominator in offers))
    best, _, _ = max(offers, key=lambda offer: offer[1] * (common // offer[2]))
    return best


def silenced(rule: CompiledRule, reason: str, winner: CompiledRule) -> NotGiven:
    """Say which rule took this one's place."""
    return NotGiven(rule.id, reason, _WORDS[reason].format(winner.id))


def _within_caps(share: Share, state: AccountState, day: Day) -> tuple[int, int]:
    rule, step = share
    limits = day.limits.get(rule.id, ())
    rooms = [(amount - (0 if key is None else state.counters.get(key, 0)), rejects) for key, amount, counts_points, _, rejects in limits if counts_points]
    if rooms and step.numerator > min(rooms)[0] * step.denominator:
        return (0 if any(rejects and step.numerator > room * step.denominator for room, rejects in rooms) else min(rooms)[0]), 1
    return step.numerator, step.denominator
