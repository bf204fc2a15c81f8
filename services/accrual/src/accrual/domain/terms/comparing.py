"""What differs between two versions of a programme, key by key, and whether members lose by it.

Whoever reads this wants to know one thing: may the new version begin tomorrow, or only after the notice period? So whatever is not provably
harmless counts as worse: two changes that outweigh each other are worse, and so is every key that says nothing else of itself.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from accrual.domain.document.document import Document
from accrual.domain.terms.durations import longer, span_of
from accrual.domain.terms.easing import is_eased
from accrual.domain.terms.vocabulary import entry_of
from accrual.domain.terms.words import Entry, Words, Worse

#: One that appears or changes may keep members from what other rules gave them.
_JEALOUS = ("exclusive", "best_of")


@dataclass(frozen=True, slots=True)
class Difference:
    """One key that differs. `part` names it as terms name their paragraphs, and goes on to the key: `earning/base/give/per`."""

    part: str
    before: Any  #: as the document has it; None where there was nothing
    after: Any
    worse: bool
    eased: bool = False  #: and yet nobody who was there feels it before the new version's transition is over


def compare(before: Document, after: Document) -> tuple[Difference, ...]:
    """Return every difference between two versions. A transition that is over before the new one begins is no loss."""
    found = tuple(replace(each, worse=False) if each.part == "transition" and _is_over(before, after) else each for each in _parts("", before, after))
    if after.transition is None:
        return found
    return tuple(replace(each, eased=True) if each.worse and is_eased(each.part, before, after) else each for each in found)


def _is_over(before: Document, after: Document) -> bool:
    start = after.effective_from
    return before.transition is not None and before.transition.until < (start.date() if isinstance(start, datetime) else start)


def worsens(before: Document, after: Document) -> tuple[Difference, ...]:
    """Return the differences by which members lose, or may."""
    return tuple(difference for difference in compare(before, after) if difference.worse)


def _parts(path: str, before: BaseModel, after: BaseModel) -> Iterator[Difference]:
    if type(before) is not type(after):
        yield Difference(path, before, after, worse=True)
        return
    for key in type(before).model_fields:
        entry = entry_of(type(before), key)
        worse = Worse.CHANGED if entry is None else entry.worse
        old, new = getattr(before, key), getattr(after, key)
        if old != new:
            yield from _values(f"{path}/{key}" if path else key, old, new, worse, entry)


def _values(path: str, before: Any, after: Any, worse: Worse, entry: Entry | None) -> Iterator[Difference]:
    if isinstance(before, BaseModel) and isinstance(after, BaseModel) and worse is not Worse.WIDER:
        yield from _parts(path, before, after)
    elif _are_parts(before) or _are_parts(after):
        yield from _lists(path, before or (), after or (), worse)
    else:
        yield Difference(path, before, after, _is_worse(before, after, worse, entry))


def _lists(path: str, before: tuple[Any, ...], after: tuple[Any, ...], worse: Worse) -> Iterator[Difference]:
    """Compare lists of parts: those of one id, or else of one place among those that differ."""
    old, new = _named(before, after), _named(after, before)
    restricts = worse is Worse.NARROWER and not before
    for name in {**old, **new}:
        if name in old and name in new:
            yield from _parts(f"{path}/{name}", old[name], new[name])
        elif name in old:
            gone = worse in {Worse.LESS, Worse.CHANGED} or (worse is Worse.NARROWER and bool(after))
            yield Difference(f"{path}/{name}", old[name], None, worse is not Worse.NEVER and gone and getattr(old[name], "enabled", True))
        else:
            added = worse in {Worse.MORE, Worse.TIGHTER, Worse.WIDER, Worse.CHANGED} or restricts or getattr(new[name], "stacking", "add") in _JEALOUS
            yield Difference(f"{path}/{name}", None, new[name], worse is not Worse.NEVER and added and getattr(new[name], "enabled", True))


def _named(parts: tuple[Any, ...], others: tuple[Any, ...]) -> dict[str, Any]:
    if parts and "id" in type(parts[0]).model_fields:
        return {part.id: part for part in parts}
    return {str(place): part for place, part in enumerate(part for part in parts if part not in others)}


def _are_parts(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], BaseModel)


def _is_worse(before: Any, after: Any, worse: Worse, entry: Entry | None) -> bool:
    """Tell whether members may lose by a changed value."""
    if isinstance(before, BaseModel) or isinstance(after, BaseModel):
        return worse not in ({Worse.NEVER, Worse.LESS} if before is None else {Worse.NEVER, Worse.MORE, Worse.TIGHTER, Worse.NARROWER, Worse.WIDER})
    return _WORSE[worse](before, after, entry)


def _reaches(one: Any, other: Any, entry: Entry | None) -> bool:
    """Tell whether one value is surely no less than another. False where nobody can say."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return set(other) <= set(one)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() >= other.keys() and all(one[key] >= value for key, value in other.items())
    if isinstance(one, str) and isinstance(other, str):
        ranks = list(entry.values) if isinstance(entry, Words) else []
        if one in ranks and other in ranks:
            return ranks.index(one) >= ranks.index(other)
        return longer(one, other) if span_of(one) and span_of(other) else _share(one) >= _share(other)
    if isinstance(one, datetime) != isinstance(other, datetime):
        return False  # a day and a moment
    comparable = isinstance(one, int | Decimal | date) and isinstance(other, int | Decimal | date) and isinstance(one, date) == isinstance(other, date)
    return bool(comparable and one >= other)


def _share(text: str) -> Decimal:
    """Read `50%`; whatever else it is can be compared with nothing."""
    number = text.removesuffix("%")
    return Decimal(number) if text != number and number.replace(".", "", 1).isdigit() else Decimal("nan")


def _is_nothing(value: Any) -> bool:
    return value is None or value == ()


_WORSE: dict[Worse, Callable[[Any, Any, Entry | None], bool]] = {
    Worse.NEVER: lambda *_: False,
    Worse.CHANGED: lambda *_: True,
    Worse.LESS: lambda before, after, entry: not _is_nothing(before) and (_is_nothing(after) or not _reaches(after, before, entry)),
    Worse.MORE: lambda before, after, entry: not _is_nothing(after) and (_is_nothing(before) or not _reaches(before, after, entry)),
    Worse.TIGHTER: lambda before, after, entry: not _is_nothing(after) and (_is_nothing(before) or not _reaches(after, before, entry)),
    Worse.NARROWER: lambda before, after, _: bool(after) and not (bool(before) and set(before) <= set(after)),
    Worse.WIDER: lambda _, after, __: not _is_nothing(after),
}
