"""Programmes, purchases and accounts that tests are made of."""

from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import Any
from uuid import UUID

from accrual.domain.accounts import AccountState
from accrual.domain.chain import GENESIS
from accrual.domain.compiler import compile_document
from accrual.domain.decisions import Grant, NothingEarned
from accrual.domain.document.reading import read
from accrual.domain.entries import Account, Balance, Stamp
from accrual.domain.facts import Line, Purchase
from accrual.domain.programme import Programme

PROGRAMMES = Path(__file__).parents[4] / "programmes"
FRIDAY_NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NEW = AccountState()

_SECTIONS = {
    "programme": "shop",
    "version": "1",
    "effective_from": "2020-01-01",
    "zone": "UTC",
    "currency": "EUR",
    "merchants": "[shop]",
    "points": "{name: {en: points}, worth: 0.01}",
}


def a_document(earning: str, **sections: str) -> str:
    """A document with these rules; other sections by name, or by an empty text left out."""
    lines = [f"{key}: {value}\n" for key, value in (_SECTIONS | sections).items() if value]
    return "".join(lines) + "earning:\n" + dedent(earning).strip("\n") + "\n"


def a_programme(earning: str, **sections: str) -> Programme:
    return compile_document(read(a_document(earning, **sections)))


def points(**terms: str) -> str:
    """The points section, with terms changed: `points(rounding="ceil")`."""
    given = {"name": "{en: points}", "worth": "0.01"} | terms
    return "{" + ", ".join(f"{key}: {value}" for key, value in given.items()) + "}"


def a_line(paid: int, sku: str = "any", **more: Any) -> Line:
    return Line(line_id=more.pop("line_id", sku), sku=sku, paid_amount=paid, **more)


def a_purchase(*lines: Line | int, **more: Any) -> Purchase:
    """A receipt of lines; a plain number is a line of that many cents."""
    made = tuple(line if isinstance(line, Line) else a_line(line, line_id=str(number)) for number, line in enumerate(lines, start=1))
    return Purchase(**({"merchant": "shop", "purchase_id": "1", "lines": made, "currency": "EUR", "occurred_at": FRIDAY_NOON} | more))


def earned(programme: Programme, purchase: Purchase, state: AccountState = NEW) -> int:
    return decided(programme, purchase, state).explanation.points


def decided(programme: Programme, fact: Any, state: AccountState = NEW) -> Grant | NothingEarned:
    decision = programme.decide(fact, state)
    assert isinstance(decision, Grant | NothingEarned), decision
    return decision


def by_rule(decision: Grant | NothingEarned) -> dict[str, int]:
    """Whole points by rule, as the steps add up to them."""
    found: dict[str, int] = {}
    for rule in dict.fromkeys(step.rule for step in decision.explanation.steps):
        steps = [step for step in decision.explanation.steps if step.rule == rule]
        common = 1
        for step in steps:
            common *= step.denominator
        found[rule] = sum(step.numerator * (common // step.denominator) for step in steps) // common
    return found


def reasons(decision: Grant | NothingEarned) -> dict[str, str]:
    return {each.rule: each.reason for each in decision.explanation.not_given}


def an_account(number: int = 1, *, pending: int = 0, available: int = 0) -> Account:
    return Account(UUID(int=number), 0, Balance(pending=pending, available=available), GENESIS)


def a_stamp(number: int = 1, *, booked_at: datetime = FRIDAY_NOON) -> Stamp:
    return Stamp(
        transaction_id=UUID(int=1_000 + number),
        cause_source="urn:till",
        cause_event=f"event-{number}",
        programme="shop",
        programme_version=1,
        occurred_at=FRIDAY_NOON,
        booked_at=booked_at,
    )
