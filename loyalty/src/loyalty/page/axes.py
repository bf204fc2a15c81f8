"""Where things stand on a chart: round numbers on its axis, and from values to places."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from loyalty.page.parts import Shape
from loyalty.page.writing import Format

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 28
#: About so many lines across a chart: more cannot be read.
LINES = 5
#: A difference that is none in any unit that is drawn.
TINY = 1e-9
#: How wide a letter is at most.
LETTER = 7.2


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale from values to places on the canvas. `ticks` are round numbers."""

    low: float
    high: float
    ticks: Sequence[float]
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return where a value stands."""
        return round(self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start), 1)


def axis(values: Sequence[float], *, start: float, end: float) -> Axis:
    """Make an axis that holds all values and 0."""
    low, high = min([0.0, *values]), max([0.0, *values])
    if high - low < TINY:
        high = low + 1.0
    step = _round_step((high - low) / LINES)
    first, last = floor(low / step), ceil(high / step)
    ticks = [number * step for number in range(first, last + 1)]
    return Axis(ticks[0], ticks[-1], ticks, start, end)


def _round_step(rough: float) -> float:
    power = 10.0 ** floor(log10(rough))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= rough * (1 - 1e-9))


def grid(scale: Axis, write: Format, *, right: float = WIDTH - RIGHT) -> list[Shape]:
    """Draw lines across at the round numbers, with the numbers at the left."""
    shapes = []
    for tick in scale.ticks:
        y = scale.at(tick)
        shapes.append(Shape("line", {"x1": LEFT, "x2": right, "y1": y, "y2": y, "class": "zero" if tick == 0 else "grid"}))
        shapes.append(Shape("text", {"x": LEFT - 8, "y": y + 4, "class": "end"}, write(tick)))
    return shapes


def below(labels: Sequence[str], places: Sequence[float], *, y: float = HEIGHT - 8) -> list[Shape]:
    """Write labels below their places; where they would touch, every second, third or so."""
    step = places[1] - places[0] if len(places) > 1 else WIDTH
    every = max(ceil((max(map(len, labels), default=0) + 1) * LETTER / step), 1)
    return [
        Shape("text", {"x": place, "y": y, "class": "mid"}, label)
        for number, (label, place) in enumerate(zip(labels, places, strict=True))
        if number % every == 0
    ]
