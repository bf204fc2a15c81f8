"""What is wrong with tiers: levels that overlap or cannot be reached, and terms that mean nothing."""

from collections.abc import Iterator
from itertools import pairwise

from accrual.domain.amounts import in_units, minor_digits
from accrual.domain.document.document import Document
from accrual.domain.document.problems import Finding, Path
from accrual.domain.document.tiers import Level, Measure, Tiers


def tier_findings(document: Document) -> Iterator[Finding]:
    """Yield what is wrong with the tiers of a document, if it has any."""
    tiers = document.tiers
    if tiers is None:
        return
    path: Path = ("tiers",)
    if "money_spent" in tiers.by and len(document.all_currencies) > 1:
        yield Finding((*path, "by"), "money in several currencies cannot be added up", "count points_earned or purchases")
    if "points_earned" in tiers.by and "points" not in document.model_fields_set:
        yield Finding((*path, "by"), "the programme has no points", "count money_spent or purchases, or add points")
    yield from _term_findings(tiers)
    for number, level in enumerate(tiers.levels):
        where: Path = (*path, "levels", number)
        if next(other for other in tiers.levels if other.id == level.id) is not level:
            yield Finding((*where, "id"), f"another level is called `{level.id}` too", "give each level an id of its own")
        for measure in tiers.by:
            yield from _threshold_findings(level, measure, where, document)
        for extra in sorted(level.first.model_fields_set - {"any", *tiers.by}):
            yield Finding((*where, "from", extra), f"{extra} is not counted", f"add it to by, or remove it; counted are {', '.join(tiers.by)}")
    yield from _order_findings(tiers)


def _term_findings(tiers: Tiers) -> Iterator[Finding]:
    path: Path = ("tiers",)
    calendar = tiers.window.startswith("calendar")
    if tiers.enter == "next_period" and not calendar:
        yield Finding((*path, "enter"), f"a window of {tiers.window} has no next period", "write window: calendar_year, or enter: at_once")
    if tiers.keep is not None and tiers.keep.startswith("end_of") and not calendar:
        yield Finding((*path, "keep"), f"a window of {tiers.window} has no end of a period", "write window: calendar_year, or keep: 12 months")
    if tiers.window == "forever" or tiers.downgrade == "none":
        reason = "what was done is never too long ago" if tiers.window == "forever" else "nobody falls with downgrade: none"
        for key in sorted({"keep", "grace", "downgrade"} & tiers.model_fields_set - ({"downgrade"} if tiers.downgrade == "none" else set())):
            yield Finding((*path, key), f"{key} means nothing here: {reason}", "remove it")
    elif tiers.downgrade == "one_step" and tiers.keep is None:
        yield Finding((*path, "downgrade"), "without a term, one step follows the other from day to day", "add keep: 12 months, or write downgrade: to_earned")


def _threshold_findings(level: Level, measure: Measure, path: Path, document: Document) -> Iterator[Finding]:
    amount, where = level.first.of(measure), (*path, "from")
    if amount is None:
        yield Finding(where, f"says not how much of {measure} is needed", f"add {measure}, or write one number for all")
        return
    digits = {"points_earned": document.points.decimals, "money_spent": minor_digits((document.all_currencies or ("",))[0]), "purchases": 0}[measure]
    if in_units(amount, digits) is None:
        yield Finding(where, f"{amount} {measure} are finer than {digits} decimals", "write fewer decimals")


def _order_findings(tiers: Tiers) -> Iterator[Finding]:
    path: Path = ("tiers", "levels")
    if any(tiers.levels[0].first.of(measure) for measure in tiers.by):
        yield Finding((*path, 0, "from"), "the first level is everybody's", "write from: 0, or put a level before it")
    for number, (lower, higher) in enumerate(pairwise(tiers.levels), start=1):
        for measure in tiers.by:
            one, other = lower.first.of(measure), higher.first.of(measure)
            if one is not None and other is not None and other <= one:
                message = f"`{higher.id}` begins at {other} {measure}, no higher than `{lower.id}` at {one}"
                yield Finding((*path, number, "from"), message, "write the levels from the lowest to the highest, each with a beginning of its own")
                break
