"""Reading programme documents: what is written is kept exactly, and everything wrong is said at once, with its line."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accrual.domain.document.document import Document
from accrual.domain.document.problems import DocumentError, Problem
from accrual.domain.document.reading import read, read_json

from .builders import PROGRAMMES, a_document, points

BASE = "- {id: base, give: {points: 1, per: 20.00}}\n"
ACTIVITY = "- {id: a, on: activity, when: {activity: x}, give: {fixed: 5}"


def problems_of(text: str) -> tuple[Problem, ...]:
    with pytest.raises(DocumentError) as refused:
        read(text)
    return refused.value.problems


@pytest.mark.parametrize("path", sorted(PROGRAMMES.glob("*.yaml")), ids=lambda path: path.stem)
def test_example_programmes_are_in_order(path: Path):
    document = read(path.read_text())
    assert document.programme == path.stem
    assert read_json(json.loads(json.dumps(document.as_json()))) == document


def test_amounts_never_become_floats():
    document = read(a_document("- {id: base, give: {points: 0.1, per: 20.00}}"))
    give = document.earning[0].give
    assert (give.points, str(give.per)) == (Decimal("0.1"), "20.00")
    json.loads(json.dumps(document.as_json()), parse_float=pytest.fail)


def test_the_same_document_as_json_is_the_same_document():
    text = '{"programme": "shop", "version": 1, "effective_from": "2020-01-01", "zone": "UTC", "currency": "EUR", "merchants": ["shop"],'
    text += '"points": {"name": {"en": "points"}, "worth": 0.010}, "earning": [{"id": "base", "give": {"points": 1, "per": 20.0}}]}'
    assert read(text) == read(a_document(BASE))
    assert read(text).fingerprint() == read(a_document(BASE)).fingerprint()


def test_another_meaning_has_another_fingerprint():
    assert read(a_document(BASE)).fingerprint() != read(a_document(BASE.replace("20.00", "20.01"))).fingerprint()


def test_words_that_yaml_guesses_at_stay_words():
    document = read(a_document("- {id: no, on: purchase, when: {category: [yes, off, 1_000, 0777, null-ish]}, give: {fixed: 5}}"))
    assert document.earning[0].id == "no"
    assert document.earning[0].when.category == ("yes", "off", "1_000", "0777", "null-ish")


def test_all_problems_come_at_once_with_line_path_and_advice():
    text = """programme: coffee
version: x
effective_from: 2026-13-01
zone: Europe/Mosow
currency: RUB
merchents: [a]
points: {name: {en: a}, decimals: 9, worth: 1.00, rounding: flor, basis: {delivry: with}}
earning:
  - id: base
    give: {points: 1, pr: 20.00}
  - id: fine
    give: {fixed: 1.5}
    cap: {points: 1, per: month}
"""
    found = [(problem.line, problem.path, problem.advice) for problem in problems_of(text)]
    assert found == [
        (1, "merchants", "add it"),
        (2, "version", "write digits only, as 3"),
        (3, "effective_from", "write year-month-day, as 2026-12-01"),
        (4, "zone", "use a name of the IANA data base, as Europe/Moscow"),
        (6, "merchents", "did you mean `merchants`?"),
        (7, "points.basis.delivry", "did you mean `delivery`?"),
        (7, "points.decimals", "write a smaller number"),
        (7, "points.rounding", "did you mean `floor`?"),
        (10, "earning[0].give.pr", "did you mean `per`?"),
    ]


def test_rules_in_order_are_checked_although_others_are_not():
    rules = "- {id: broken, giv: {fixed: 1}}\n- {id: fine, give: {fixed: 5}, cap: {points: 1, per: month}}\n"
    assert [(problem.line, problem.path) for problem in problems_of(a_document(rules, marchants="[a]"))] == [
        (8, "marchants"),
        (10, "earning[0].giv"),
        (10, "earning[0].give"),
        (11, "earning[1].cap[0]"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the document is empty"),
        ("- a", "must be keys and values"),
        ("a: [1, 2", "while parsing a flow sequence"),
        ("a: &x 1\nb: *x", "anchors and aliases"),
        ("a: !!python/object:os.system x", "tags are not used"),
        ("a: 1\na: 2", "stands here twice, first in line 1"),
        ("[a]: 1", "must be keys and values"),
        ("? [a]\n: 1", "not a plain word"),
        ("a: " + "[" * 40 + "]" * 40, "nested more than 12 deep"),
        ("a: 1\n---\nb: 2", "expected a single document"),
        ("a: \x01", "a character that YAML does not allow"),
        ("a" * 300_000, "more than 131072 characters"),
        ("%YAML 9.9\n---\na: 1", "incompatible YAML"),
    ],
)
def test_what_is_no_plain_document_is_refused(text: str, message: str):
    found = problems_of(text)
    assert any(message in problem.message for problem in found) or "not a plain word" in found[0].message, found


@pytest.mark.parametrize(
    ("rules", "sections", "path", "message"),
    [
        (BASE, {"currency": ""}, "currencies", "needs either currency or currencies"),
        (BASE, {"currencies": "[EUR, USD]"}, "currencies", "needs either currency or currencies"),
        (BASE, {"currency": "", "currencies": "[EUR, USD]"}, "points.worth", "says not in which currency"),
        (BASE, {"points": points(worth="{USD: 1}")}, "points.worth", "EUR has no worth"),
        (BASE, {"points": points(worth="{EUR: 1, USD: 1}")}, "points.worth.USD", "is not a currency of the programme"),
        (BASE, {"effective_until": "2019-12-31"}, "effective_until", "ends before it starts"),
        (BASE, {"pending": "{until: 14 days}", "expiry": "{to: end_of_month}"}, "pending.until", "expire after 0"),
        (BASE, {"pending": "{until: confirmed}"}, "pending", "belong together"),
        (BASE, {"expiry": "{on: 02-29}"}, "expiry.on", "not in every year"),
        (BASE, {"expiry": "{after: 1 month, to: end_of_year, on: 12-31}"}, "expiry", "both `to` and `on`"),
        (BASE, {"cap": "[{points: 5, per: day}, {points: 6, per: day}]"}, "cap[0]", "two caps per day"),
        (BASE, {"cap": "[{points: 9, per: day}, {points: 6, per: month}]"}, "cap[0]", "never reached"),
        (BASE, {"returns": "{recheck: true}"}, "returns.recheck", "no rule on purchases asks"),
        (BASE.replace("give", "when: {minimum: 5}, give"), {"returns": "{by: money, recheck: true}"}, "returns.recheck", "a share of the money is kept"),
        (BASE, {"returns": "{spent: dept}"}, "returns.spent", "unknown value `dept`"),
        (BASE, {"merchants": "[a, a]"}, "merchants", "stands in the list twice"),
        (BASE + BASE, {}, "earning[1].id", "another rule is called `base` too"),
        ("- {id: programme, give: {fixed: 5}}", {}, "earning[0].id", "means something else"),
        ("- {id: a, give: {points: 5}}", {}, "earning[0].give", "points and per belong together"),
        ("- {id: a, give: {fixed: 5, multiply: 2}}", {}, "earning[0].give", "several things"),
        ("- {id: a, give: {fixed: -5}}", {}, "earning[0].give.fixed", "not a number"),
        ("- {id: a, give: {fixed: 0}}", {}, "earning[0].give.fixed", "more than 0"),
        ("- {id: a, give: {fixed: 1e3}}", {}, "earning[0].give.fixed", "not a number"),
        ("- {id: a, give: {fixed: 1.5}}", {}, "earning[0].give.fixed", "finer than 0 decimals"),
        ("- {id: a, give: {multiply: 2}}", {}, "earning[0].give.multiply", "no base rule"),
        (BASE + "- {id: a, give: {multiply: 0.5}}", {}, "earning[1].give", "more than 1"),
        (
            BASE.replace("}}", ", whole_steps: true}}") + "- {id: a, when: {sku: x}, give: {multiply: 2}}",
            {},
            "earning[1].give.multiply",
            "full steps of `base` belong to the receipt",
        ),
        (BASE + "- {id: a, give: {multiply: 2, of: [bas]}}", {}, "earning[1].give.of", "`bas` is not a base rule"),
        ("- {id: a, give: {points: 1, per: 0.001}}", {}, "earning[0].give.per", "finer than the smallest coin"),
        ("- {id: a, give: {points: 1, per: {USD: 1}}}", {}, "earning[0].give.per", "says nothing for EUR"),
        ("- {id: a, when: {minimum: 1.234}, give: {fixed: 5}}", {}, "earning[0].when.minimum", "finer than the smallest coin"),
        ("- {id: a, when: {currency: USD}, give: {fixed: 5}}", {}, "earning[0].when.currency", "not a currency of the programme"),
        ("- {id: a, give: {fixed: 5}, cap: {points: 4, per: day}}", {}, "earning[0].cap[0]", "below one grant"),
        ("- {id: a, give: {fixed: 5}, cap: {times: 1, per: receipt}}", {}, "earning[0].cap[0]", "once to a receipt anyway"),
        ("- {id: a, give: {fixed: 5}, cap: {points: 5, times: 1, per: day}}", {}, "earning[0].cap[0]", "either points or times"),
        ("- {id: a, give: {fixed: 5}, cap: {points: 5.5, per: day}}", {}, "earning[0].cap[0]", "finer than 0 decimals"),
        (ACTIVITY + ", cap: {points: 5, per: receipt}}", {}, "earning[0].cap[0]", "has no receipt"),
        ("- {id: a, on: activity, give: {fixed: 5}}", {}, "earning[0].when", "says not which activity"),
        ("- {id: a, on: registration, when: {store: x}, give: {fixed: 5}}", {}, "earning[0].when.store", "condition on purchases"),
        ("- {id: a, on: registration, give: {points: 1, per: visit}}", {}, "earning[0].give", "no money to count"),
        ("- {id: a, when: {activity: x}, give: {fixed: 5}}", {}, "earning[0].when.activity", "the rule is on purchase"),
        ("- {id: a, when: {category: x, exclude: {category: x}}, give: {fixed: 5}}", {}, "earning[0].when.exclude.category", "both asked for and excluded"),
        ("- {id: a, when: {exclude: {}}, give: {fixed: 5}}", {}, "earning[0].when.exclude", "excludes nothing"),
        ("- {id: a, when: {category: []}, give: {fixed: 5}}", {}, "earning[0].when.category", "an empty list"),
        ("- {id: a, when: {dates: {from: 2026-02-01, until: 2026-01-01}}, give: {fixed: 5}}", {}, "earning[0].when.dates[0]", "before it starts"),
        ("- {id: a, when: {dates: {until: 2019-12-31}}, give: {fixed: 5}}", {}, "earning[0].when.dates", "can never apply"),
        ("- {id: a, when: {dates: [{until: 2026-01-31}, {from: 2026-01-31}]}, give: {fixed: 5}}", {}, "earning[0].when.dates", "overlap from 2026-01-31"),
        ("- {id: a, when: {days: sun, dates: {from: 2026-11-20, until: 2026-11-21}}, give: {fixed: 5}}", {}, "earning[0].when.days", "there is no sun"),
        ("- {id: a, when: {hours: '22:00-02:00'}, give: {fixed: 5}}", {}, "earning[0].when.hours", "within one day"),
        ("- {id: a, when: {hours: ['09:00-11:00', '10:00-12:00']}, give: {fixed: 5}}", {}, "earning[0].when.hours", "overlap"),
        ("- {id: a, when: {quantity: 0.0001}, give: {fixed: 5}}", {}, "earning[0].when.quantity", "finer than a thousandth"),
        ("- {id: a, give: {fixed: 5}, group: x}", {}, "earning[0].group", "means nothing here"),
        (
            BASE.replace("}}", "}, stacking: best_of}") + "- {id: b, give: {multiply: 2}, stacking: best_of}",
            {},
            "earning[1].group",
            "compares a multiplier with points",
        ),
    ],
)
def test_parts_that_contradict_each_other_are_found(rules: str, sections: dict[str, str], path: str, message: str):
    found = problems_of(a_document(rules, **sections))
    assert found[0].path == path, found
    assert message in found[0].message
    assert found[0].advice
    assert found[0].line


def test_a_programme_gives_something():
    (found,) = problems_of(a_document("", points="").replace("earning:\n", ""))
    assert (found.message, found.line) == ("the programme gives nothing", 1)


def test_points_are_given_only_where_the_document_says_what_a_point_is():
    (found,) = problems_of(a_document(BASE, points=""))
    assert (found.path, found.line) == ("earning[0].give", 8)
    assert "what a point is" in found.message


def test_a_stored_document_that_no_longer_reads_says_where():
    stored = read(a_document(BASE)).as_json() | {"zone": "Nowhere/Nowhere"}
    with pytest.raises(DocumentError) as refused:
        read_json(stored)
    assert (refused.value.problems[0].line, refused.value.problems[0].path) == (None, "zone")


def test_the_schema_for_editors_is_fresh():
    """To renew it: write `json.dumps(Document.model_json_schema(), indent=2)` and a newline into the file."""
    assert json.loads((PROGRAMMES / "programme.schema.json").read_text()) == Document.model_json_schema()


def test_the_reference_says_every_word_that_a_document_can():
    said = set(re.findall(r"[\w-]+", (PROGRAMMES / "README.md").read_text()))
    assert set(words(Document.model_json_schema())) - said == set()


def words(schema: Any) -> Iterator[str]:
    """Every key of a schema, and every value that it names."""
    if isinstance(schema, dict):
        yield from schema.get("properties", ())
        yield from (value for value in [*schema.get("enum", ()), schema.get("const")] if isinstance(value, str))
        schema = list(schema.values())
    for each in schema if isinstance(schema, list) else ():
        yield from words(each)
