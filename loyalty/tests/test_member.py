"""What a person reads of a member: every figure and every reason that the gateway gave."""

from io import StringIO
from uuid import UUID

import pytest
from rich.console import Console, RenderableType

from loyalty.console import Failure
from loyalty.member import view
from loyalty.member.reference import Bought, Identifier, what, who

MEMBER = "0b0c8a52-7f6e-4d0b-9a5e-2f1d3c4b5a69"
CAUSE = {"source": "urn:shop", "event_id": "r-1", "kind": "purchase", "merchant": "cdnow", "purchase_id": "cdnow-0001", "activity": None}
EXPLANATION = {
    "points": 12,
    "steps": [
        {"rule": "base", "operation": "earn", "points_exact": "25/2", "lines": ["1"], "basis": 1250, "text": "12.50 at 1 per 1.00"},
        {"rule": "rounding", "operation": "round", "points_exact": "12", "lines": [], "basis": None, "text": "rounded down"},
    ],
    "not_given": [{"rule": "weekend", "reason": "day", "text": "only on Saturdays and Sundays"}],
}
BALANCE = {"pending": 30, "available": 1240, "held": 0, "debt": 0}
MOVEMENT = {
    "account_version": 7,
    "movement": "granted",
    "points": 12,
    "balance": BALANCE,
    "grant_id": "5d7b7f6e-0a4e-8f1c-b7a2-6f2e1d0c9b8a",
    "cause": CAUSE,
    "booked_at": "2026-03-02T09:12:01Z",
    "occurred_at": "2026-03-01T09:12:00Z",
    "explanation": EXPLANATION,
}


def shown(thing: RenderableType) -> str:
    console = Console(file=StringIO(), width=200)
    console.print(thing)
    written = console.file
    assert isinstance(written, StringIO)
    return written.getvalue()


def test_history_says_when_what_how_much_and_why():
    text = shown(view.history([MOVEMENT, {**MOVEMENT, "movement": "expired", "points": 5, "explanation": None, "cause": {**CAUSE, "kind": "schedule"}}]))
    for part in ("2026-03-01", "granted", "+12", "1,240 (+30 pending)", "purchase cdnow/cdnow-0001", "base: 12.50 at 1 per 1.00", "-5", "its date was reached"):
        assert part in text


def test_balance_shows_every_bucket_and_what_comes_and_goes():
    account = {
        "programme": "records",
        "balance": BALANCE,
        "maturing": [{"points": 30, "usable_from": "2026-03-16T00:00:00Z"}],
        "expiring": [{"points": 40, "expires_at": "2026-09-30T21:00:00Z"}],
        "worth": {"amount": 1240, "currency": "USD"},
    }
    text = shown(view.balances([account]))
    for part in ("records", "1,240", "30 usable from 2026-03-16", "40 expire 2026-09-30", "worth 12.40 USD"):
        assert part in text


def test_explanation_shows_rules_that_gave_and_rules_that_stayed_silent():
    text = shown(view.explained("Purchase 1", EXPLANATION))
    for part in ("12.50 at 1 per 1.00", "25/2", "rounded down", "only on Saturdays and Sundays", "12 points"):
        assert part in text
    assert "no rule was asked" in shown(view.explained("Purchase 1", None))


def test_texts_from_outside_are_shown_as_they_are():
    odd = {**EXPLANATION, "steps": [{**EXPLANATION["steps"][0], "text": "[red]50 % off[/red]"}]}  # type: ignore[index, dict-item]
    assert "[red]50 % off[/red]" in shown(view.explained("x", odd))
    assert "[red]50 % off[/red]" in shown(view.history([{**MOVEMENT, "explanation": odd}]))


def test_somebody_is_named_by_id_or_by_identifier():
    assert who(MEMBER) == who(f"m:{MEMBER}") == UUID(MEMBER)
    assert who("card:9000 1234") == Identifier("card", "9000 1234")
    assert who("email:ana@example.org") == Identifier("email", "ana@example.org")
    for nobody in ("ana", "card:", "shoe:42", ""):
        with pytest.raises(Failure, match="names nobody"):
            who(nobody)


def test_something_is_named_by_grant_or_purchase():
    assert what(MEMBER) == what(f"grant:{MEMBER}") == UUID(MEMBER)
    assert what("cdnow/a/b") == what("purchase:cdnow/a/b") == Bought("cdnow", "a/b")
    for nothing in ("cdnow", "/1", "cdnow/"):
        with pytest.raises(Failure, match="neither a grant nor a purchase"):
            what(nothing)
