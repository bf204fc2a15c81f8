"""What is wrong with the rules of spending."""

from collections.abc import Iterator

from accrual.domain.amounts import in_units
from accrual.domain.document.document import Document
from accrual.domain.document.problems import Finding, Path


def spending_findings(document: Document) -> Iterator[Finding]:
    """Yield why points could not be used as the document says."""
    spending, decimals, path = document.spending, document.points.decimals, ("spending",)
    if "spending" in document.model_fields_set and "points" not in document.model_fields_set:
        yield Finding(path, "says how points are used, and there are none", "add points, or remove it")
    for name in ("minimum", "step"):
        points = getattr(spending, name)
        if points is not None and in_units(points, decimals) is None:
            place: Path = (*path, name)
            yield Finding(place, f"{points} points are finer than {decimals} decimals", "write fewer decimals")
    if spending.minimum is not None and spending.step is not None and spending.minimum % spending.step:
        nearest = spending.minimum - spending.minimum % spending.step + spending.step
        yield Finding((*path, "minimum"), f"{spending.minimum} is not a multiple of the step, {spending.step}", f"write {nearest}")
    if spending.exclude is not None and not spending.exclude.model_fields_set:
        yield Finding((*path, "exclude"), "excludes everything", "name a category, brand, sku or label, or remove it")
