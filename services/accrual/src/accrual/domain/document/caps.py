"""What is wrong with caps: too fine, below one grant, or never reached."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations

from accrual.domain.amounts import in_units
from accrual.domain.document.document import Document
from accrual.domain.document.earning import Cap, Rule
from accrual.domain.document.problems import Finding, Path

_PERIODS = ("receipt", "day", "week", "month", "quarter", "year", "ever")


def cap_findings(caps: Sequence[Cap], path: Path, document: Document, *, rule: Rule | None = None) -> Iterator[Finding]:
    """Yield what is wrong with the caps of a rule, or of the programme where no rule is given."""
    rules = [rule] if rule is not None else list(document.earning)
    for number, cap in enumerate(caps):
        if cap.points is not None:
            yield from _size_findings(cap.points, (*path, number), rules, document.points.decimals)
        if cap.per == "receipt" and rule is not None and rule.on != "purchase":
            yield Finding((*path, number), f"a rule on {rule.on} has no receipt", "use another period")
    order = sorted(enumerate(caps), key=lambda found: _PERIODS.index(found[1].per))
    for (number, shorter), (_, longer) in combinations(order, 2):
        if (shorter.points is None) != (longer.points is None):
            continue
        if shorter.per == longer.per:
            yield Finding((*path, number), f"two caps per {shorter.per}", "keep one of them")
        elif _amount(shorter) > _amount(longer):
            message = f"a cap of {_amount(shorter)} per {shorter.per} is never reached: {_amount(longer)} per {longer.per} comes first"
            yield Finding((*path, number), message, "lower it, or remove it")


def ceiling_findings(document: Document) -> Iterator[Finding]:
    """Yield what is wrong with the most points that a member may have, and what would need more than these."""
    if document.balance is None:
        return
    most = document.balance.most
    yield from _size_findings(most, ("balance", "most"), document.earning, document.points.decimals)
    needed: list[tuple[Path, Decimal | None]] = [(("spending", "minimum"), document.spending.minimum)]
    needed += [(("rewards", number, "cost"), reward.cost) for number, reward in enumerate(document.rewards)]
    for path, points in needed:
        if points is not None and points > most:
            yield Finding(path, f"nobody earns {points} points: {most} are the most that may be had", "lower it, or raise balance")


def _size_findings(points: Decimal, path: Path, rules: Sequence[Rule], decimals: int) -> Iterator[Finding]:
    if in_units(points, decimals) is None:
        yield Finding(path, f"{points} points are finer than {decimals} decimals", "write fewer decimals")
    for rule in rules:
        single = _single(rule)
        if single is not None and points < single:
            yield Finding(path, f"a cap of {points} points is below one grant of `{rule.id}`, {single}", "raise the cap, or give less")


def _amount(cap: Cap) -> Decimal:
    return cap.points if cap.points is not None else Decimal(cap.times or 0)


def _single(rule: Rule) -> Decimal | None:
    """Return what the rule gives once: for a receipt, a piece, a full step; None where it gives fractions of that, too."""
    if rule.give.fixed is not None:
        return rule.give.fixed
    if rule.give.table is not None:
        return rule.give.table[0].points
    return rule.give.points if isinstance(rule.give.per, str) or rule.give.whole_steps else None
