"""The page: one file that needs nothing else, says what it shows in words, and never takes a name for markup."""

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.page import charts
from loyalty.page.axes import HEIGHT, WIDTH, axis
from loyalty.page.build import html_of
from loyalty.page.parts import Drawing, Figure, Page, Section, Table
from loyalty.page.writing import Money, percent, short, whole

values = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=40)


def a_page(*drawings: Drawing, name: str = "mug") -> str:
    section = Section("Rules", name, figures=(Figure(name, "1"),), drawings=drawings, tables=(Table(("Rule", "Points"), [(name, "1")]),), remarks=(name,))
    return html_of(Page(name, name, (Figure("Points", "7", name),), (section,), (name,)))


def drawn(found: list[float]) -> list[Drawing]:
    labels = [str(number) for number in range(len(found))]
    return [
        charts.lines({"a": found, "b": found}, labels, write=short, says="lines"),
        charts.columns({"a": found, "b": found}, labels, write=short, says="columns"),
        charts.columns({"a": found}, labels, write=short, says="signed", signed=True),
        charts.bars(list(zip(labels, found, strict=True)), write=short, says="bars"),
        charts.spans([(label, value, value + 5) for label, value in zip(labels, found, strict=True)], middle=found[0], write=short, says="spans"),
        charts.heat({"Mon": [abs(value) for value in found]}, labels, write=short, says="heat"),
    ]


@given(found=values)
def test_every_chart_is_well_formed_and_stays_on_its_canvas(found: list[float]):
    for drawing in drawn(found):
        for shape in drawing.shapes:
            places = [float(shape.attributes[name]) for name in ("x", "x1", "x2", "cx") if name in shape.attributes]
            heights = [float(shape.attributes[name]) for name in ("y", "y1", "y2", "cy") if name in shape.attributes]
            assert all(-200 <= x <= WIDTH + 1 for x in places), shape
            assert all(-1 <= y <= max(drawing.height, HEIGHT) + 1 for y in heights), shape
            assert all(float(shape.attributes[name]) >= 0 for name in ("width", "height") if name in shape.attributes), shape


@given(found=values)
def test_an_axis_holds_every_value_and_zero_between_round_numbers(found: list[float]):
    scale = axis(found, start=200, end=0)
    slack = 1e-6 * (scale.high - scale.low)
    assert scale.low - slack <= min([0.0, *found])
    assert max([0.0, *found]) <= scale.high + slack
    assert 2 <= len(scale.ticks) <= 9


def test_the_page_needs_no_network_and_no_script_and_each_chart_says_what_it_shows():
    html = a_page(*drawn([1.0, -2.0, 3.0]))
    assert not re.search(r"<script|<link|<img|<iframe|@import|url\(|src=|href=|javascript:|https?://", html)
    found = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(found) == 6
    for svg in found:
        assert ET.fromstring(svg).attrib["aria-label"]
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html


def test_every_colour_that_a_chart_uses_is_in_the_style_for_light_dark_and_paper():
    html = a_page(*drawn([1.0, -2.0]))
    used = {name for classes in re.findall(r'class="([^"]+)"', html) for name in classes.split() if re.fullmatch(r"c\d|good|bad", name)}
    assert used >= {"c1", "c2", "good", "bad"}
    for name in used:
        assert html.count(f"--{name}:") == 3
        assert f".{name} {{ color: var(--{name})" in html


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><img src=x onerror=1>', "</style><b>", "{{ 7*7 }}", "Ä & <br>"])
def test_names_from_data_are_never_markup(name: str):
    drawing = charts.bars([(name, 1.0)], write=short, says=name)
    html = a_page(drawing, name=name)
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("</style>") == 1
    assert "49" not in re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", html, flags=re.DOTALL)


def test_numbers_are_written_for_people():
    assert [short(value) for value in (0, 950, 0.5, 12_340, 5_000_000, -20_000)] == ["0", "950", "0.5", "12.34 k", "5 m", "\N{MINUS SIGN}20 k"]
    assert (whole(1234.5), percent(0.125), Money("GBP")(123_456), Money("JPY")(500), Money("EUR")(-150)) == (
        "1,234",
        "12.5 %",
        "GBP 1,235",
        "JPY 500",
        "\N{MINUS SIGN}EUR 1.50",
    )


def test_a_wide_table_is_read_from_top_to_bottom_on_a_phone():
    """Each cell brings the name of its column along, for the row of names is not shown there."""
    narrow, wide = Table(("A", "B"), [("a", "1")]), Table(("A", "B", "C", "D", "E"), [("a", "1", "2", "3", "4")])
    html = html_of(Page("t", "t", (), (Section("s", tables=(narrow, wide)),)))
    assert html.count('<table class="wide">') == 1
    assert '<td class="number" data-name="E">4</td>' in html
    assert ".wide thead { display: none; }" in html
