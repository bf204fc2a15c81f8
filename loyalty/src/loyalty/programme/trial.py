"""Warnings that only real purchases give: a rule that never fires, a cap that is never reached, a level that nobody gets."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from accrual.domain.amounts import minor_digits
from accrual.domain.compiler import compile_document
from accrual.domain.document.document import Document
from accrual.domain.document.tiers import Measure
from accrual.domain.settlement import PROGRAMME
from loyalty.console import progress
from loyalty.history.events import History
from loyalty.history.load import Reading, load
from loyalty.programme.hints import Hint
from loyalty.simulate.command import replayed
from loyalty.simulate.outcome import MemberSums, Outcome

#: Of little weight here: warnings do not depend on what points cost.
_REDEMPTION = Fraction(1)


def tried(document: Document, purchases: Path, *, skip_bad: bool = False) -> list[Hint]:
    """Replay purchases as if the document had been in force all the time, and return what never happened. Fails where they cannot be read."""
    currency = document.all_currencies[0]
    reading = Reading(currency=currency, digits=minor_digits(currency), zone=document.zone, skip_bad=skip_bad)
    with progress("Reading", unit="rows") as advance:
        history = load(purchases, reading, advance=advance)
    outcome = replayed(compile_document(_as_of(document, history)), history, _REDEMPTION, title="Replaying")
    return [*_rules(document, outcome), *_caps(document, outcome), *_levels(document, outcome)]


def _as_of(document: Document, history: History) -> Document:
    """Return the document as if it had begun before the first purchase, and without an end."""
    first: date = min(event.occurred_at for event in history.events).date().replace(day=1)
    merchants = {merchant: None for event in history.events if (merchant := getattr(getattr(event, "purchase", None), "merchant", None))}
    changes = {"effective_from": first, "effective_until": None, "close": None, "merchants": tuple({**dict.fromkeys(document.merchants), **merchants})}
    return document.model_copy(update=changes)


def _rules(document: Document, outcome: Outcome) -> Iterator[Hint]:
    for rule in document.earning:
        if rule.on == "purchase" and rule.enabled and rule.when.dates is None and not _fired(outcome, rule.id):
            reason = next((words for (name, _, words), _ in outcome.silent.most_common() if name == rule.id), "")
            yield Hint(f"earning/{rule.id}", f"never fires on these purchases{f' ({reason})' if reason else ''}", "mend its conditions, or remove it")


def _caps(document: Document, outcome: Outcome) -> Iterator[Hint]:
    for rule in document.earning:
        if rule.cap and rule.on == "purchase" and _fired(outcome, rule.id) and not outcome.rules[rule.id].capped:
            yield Hint(f"earning/{rule.id}/cap", "is never reached on these purchases", "lower it if it shall limit anything")
    if document.cap and (PROGRAMME not in outcome.rules or not outcome.rules[PROGRAMME].capped):
        yield Hint("cap", "is never reached on these purchases", "lower it if it shall limit anything")


def _fired(outcome: Outcome, rule: str) -> bool:
    return rule in outcome.rules and outcome.rules[rule].times > 0


def _levels(document: Document, outcome: Outcome) -> Iterator[Hint]:
    """Warn of a level that nobody reached with all purchases together, so with those of a window even less."""
    tiers = document.tiers
    if tiers is None or not outcome.members:
        return
    best = {measure: max(_measured(member, measure, document) for member in outcome.members.values()) for measure in tiers.by}
    for level in tiers.levels:
        needed = [(level.first.of(measure), best[measure]) for measure in tiers.by]
        if all(threshold is not None and most < threshold for threshold, most in needed):
            yield Hint(f"tiers/levels/{level.id}", f"nobody gets there: the best member has {_written(best)}", "lower it, or give more")


def _measured(member: MemberSums, measure: str, document: Document) -> Decimal:
    match measure:
        case "points_earned":
            return Decimal(member.issued) / Decimal(10) ** document.points.decimals
        case "money_spent":
            return Decimal(member.revenue) / Decimal(10) ** minor_digits(document.all_currencies[0])
        case _:
            return Decimal(member.purchases)


def _written(best: Mapping[Measure, Decimal]) -> str:
    return ", ".join(f"{measure.replace('_', ' ')} {format(value.normalize(), 'f')}" for measure, value in best.items())
