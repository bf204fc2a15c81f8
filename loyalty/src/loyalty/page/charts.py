"""The charts: lines, columns, bars and a map of the week, drawn as plain shapes. The page's style gives the colours, so light and dark are one drawing."""

from collections.abc import Mapping, Sequence

from loyalty.page.axes import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, axis, below, grid
from loyalty.page.parts import Attributes, Drawing, Key, Shape
from loyalty.page.writing import Format

Series = Mapping[str, Sequence[float]]
COLOURS = ("c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8")
ROW, ROW_LEFT, ROW_RIGHT = 26, 190, 96
CELL, CELL_LEFT = 26, 44
_LONGEST = 28


def lines(series: Series, labels: Sequence[str], *, write: Format, says: str) -> Drawing:
    """Draw one line a series over time."""
    values = [value for some in series.values() for value in some]
    scale = axis(values, start=HEIGHT - BOTTOM, end=TOP)
    places = _places(len(labels))
    shapes = grid(scale, write)
    for (name, some), colour in zip(series.items(), COLOURS, strict=False):
        points = [(place, scale.at(value)) for place, value in zip(places, some, strict=True)]
        shapes.append(Shape("polyline", {"points": " ".join(f"{x},{y}" for x, y in points), "class": f"line {colour}"}))
        for (x, y), label, value in zip(points, labels, some, strict=True):
            shapes.append(Shape("circle", {"cx": x, "cy": y, "r": 3, "class": f"dot {colour}"}, title=f"{label}: {name} {write(value)}"))
    return Drawing(WIDTH, HEIGHT, [*shapes, *below(labels, places)], says, _keys(series))


def columns(series: Series, labels: Sequence[str], *, write: Format, says: str, signed: bool = False) -> Drawing:
    """Draw columns, series upon series: what is above 0 upwards, what is below downwards. `signed` colours a lone series by its sign."""
    ups = [sum(max(some[place], 0) for some in series.values()) for place in range(len(labels))]
    downs = [sum(min(some[place], 0) for some in series.values()) for place in range(len(labels))]
    scale = axis([*ups, *downs], start=HEIGHT - BOTTOM, end=TOP)
    places = _places(len(labels))
    width = round(min(56.0, (WIDTH - LEFT - RIGHT) / max(len(labels), 1) * 0.7), 1)
    shapes = grid(scale, write)
    for place, (label, x) in enumerate(zip(labels, places, strict=True)):
        up = down = 0.0
        for (name, some), colour in zip(series.items(), COLOURS, strict=False):
            value = some[place]
            start = up if value >= 0 else down
            up, down = (up + value, down) if value >= 0 else (up, down + value)
            top, bottom = sorted((scale.at(start), scale.at(start + value)))
            fill = ("good" if value >= 0 else "bad") if signed else colour
            if value:
                attributes: Attributes = {
                    "x": round(x - width / 2, 1),
                    "y": top,
                    "width": width,
                    "height": round(bottom - top, 1),
                    "rx": 1.5,
                    "class": f"fill {fill}",
                }
                shapes.append(Shape("rect", attributes, title=f"{label}: {name} {write(value)}"))
    return Drawing(WIDTH, HEIGHT, [*shapes, *below(labels, places)], says, () if len(series) == 1 else _keys(series))


def bars(rows: Sequence[tuple[str, float]], *, write: Format, says: str) -> Drawing:
    """Draw one bar a row from the left, the value behind it; values below 0 go to the left of the line."""
    values = [value for _, value in rows]
    ends = 70 if min([0.0, *values]) < 0 else 0
    scale = axis(values, start=ROW_LEFT + ends, end=WIDTH - ROW_RIGHT)
    height = ROW * len(rows) + 8
    zero = scale.at(0)
    shapes = [Shape("line", {"x1": zero, "x2": zero, "y1": 0, "y2": height, "class": "zero"})]
    for number, (name, value) in enumerate(rows):
        y, end = number * ROW + 6, scale.at(value)
        left, right = sorted((zero, end))
        fill = "bad" if value < 0 else "c1"
        shapes.append(Shape("text", {"x": ROW_LEFT - 10, "y": y + 14, "class": "end"}, _shortened(name), title=name))
        attributes: Attributes = {"x": left, "y": y, "width": max(round(right - left, 1), 0.5), "height": ROW - 8, "rx": 2, "class": f"fill {fill}"}
        shapes.append(Shape("rect", attributes, title=f"{name}: {write(value)}"))
        side: Attributes = {"x": left - 6, "class": "end strong"} if value < 0 else {"x": right + 6, "class": "strong"}
        shapes.append(Shape("text", {"y": y + 14, **side}, write(value)))
    return Drawing(WIDTH, height, shapes, says)


def spans(rows: Sequence[tuple[str, float, float]], *, middle: float, write: Format, says: str) -> Drawing:
    """Draw for each row from where to where a result moves, around the middle: what lowers it and what raises it."""
    scale = axis([value for _, low, high in rows for value in (low, high)] + [middle], start=ROW_LEFT + 70, end=WIDTH - ROW_RIGHT)
    height = ROW * len(rows) + 8
    centre = scale.at(middle)
    shapes = []
    for number, (name, worse, better) in enumerate(rows):
        y = number * ROW + 6
        shapes.append(Shape("text", {"x": ROW_LEFT - 10, "y": y + 14, "class": "end"}, _shortened(name), title=name))
        for value, fill in ((worse, "bad"), (better, "good")):
            left, right = sorted((centre, scale.at(value)))
            attributes: Attributes = {"x": left, "y": y, "width": round(right - left, 1), "height": ROW - 8, "rx": 2, "class": f"fill {fill}"}
            shapes.append(Shape("rect", attributes, title=f"{name}: {write(value)}"))
        low, high = sorted((worse, better))
        shapes.append(Shape("text", {"x": scale.at(low) - 6, "y": y + 14, "class": "end"}, write(low)))
        shapes.append(Shape("text", {"x": scale.at(high) + 6, "y": y + 14}, write(high)))
    shapes.append(Shape("line", {"x1": centre, "x2": centre, "y1": 0, "y2": height, "class": "zero"}))
    return Drawing(WIDTH, height, shapes, says)


def heat(rows: Mapping[str, Sequence[float]], labels: Sequence[str], *, write: Format, says: str) -> Drawing:
    """Draw a map of cells, the fuller the darker."""
    most = max((value for some in rows.values() for value in some), default=0) or 1
    step = round((WIDTH - CELL_LEFT - RIGHT) / max(len(labels), 1), 2)
    shapes = []
    for number, (name, some) in enumerate(rows.items()):
        y = number * CELL + 2
        shapes.append(Shape("text", {"x": CELL_LEFT - 8, "y": y + 16, "class": "end"}, name))
        for place, value in enumerate(some):
            attributes: Attributes = {"x": round(CELL_LEFT + place * step, 1), "y": y, "width": round(step - 2, 1), "height": CELL - 2, "rx": 3}
            shapes.append(Shape("rect", {**attributes, "class": "cell"}))
            if value:
                shade: Attributes = {**attributes, "class": "fill c1", "fill-opacity": round(0.08 + 0.92 * value / most, 2)}
                shapes.append(Shape("rect", shade, title=f"{name} {labels[place]}: {write(value)}"))
    height = CELL * len(rows) + 24
    places = [round(CELL_LEFT + place * step + step / 2, 1) for place in range(len(labels))]
    return Drawing(WIDTH, height, [*shapes, *below(labels, places, y=height - 6)], says)


def _places(count: int) -> list[float]:
    """Spread columns evenly."""
    step = (WIDTH - LEFT - RIGHT) / max(count, 1)
    return [round(LEFT + step * (place + 0.5), 1) for place in range(count)]


def _keys(series: Series) -> list[Key]:
    return [Key(name, colour) for name, colour in zip(series, COLOURS, strict=False)]


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
