"""What a page is made of. Whoever fills it knows nothing of HTML; texts are plain and are escaped when they are written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

Attributes = dict[str, str | int | float]


class Shape(NamedTuple):
    """One element of a drawing: an SVG tag with its attributes, its text, and what is shown where the pointer rests."""

    tag: str
    attributes: Attributes
    text: str = ""
    title: str = ""


class Key(NamedTuple):
    """One entry of a legend: a name, and the class that colours it."""

    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart: shapes on a canvas, and its legend. `says` tells in words what it shows, for whoever cannot see it."""

    width: float
    height: float
    shapes: Sequence[Shape]
    says: str
    keys: Sequence[Key] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure: a large number, what it is, and one sentence beside it."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table. Columns after the first `words` ones hold numbers and are set to the right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: a heading, a lead in plain words, then charts and tables."""

    heading: str
    lead: str = ""
    figures: Sequence[Figure] = ()
    drawings: Sequence[Drawing] = ()
    tables: Sequence[Table] = ()
    remarks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page."""

    title: str
    subtitle: str
    figures: Sequence[Figure]
    sections: Sequence[Section]
    notes: Sequence[str] = field(default=())
    made_on: str = ""
