"""What the cashier and the customer see. Everything is plain lines, so that a script can read them too."""

from collections.abc import Iterable, Sequence

from accrual.domain.amounts import minor_digits, written
from contracts.purchases import Line
from contracts.quotes import Quote
from contracts.replies import Account
from contracts.rewards import Explanation
from loyalty.console import note, say
from loyalty.till.basket import PIECE, Basket, total_of
from loyalty.till.words import WORDS

_WIDTH = 44


def money(amount: int, currency: str) -> str:
    """Write an amount of minor units, `12.50`."""
    return ("-" if amount < 0 else "") + written(abs(amount), minor_digits(currency))


def counter(basket: Basket, currency: str) -> None:
    """Show what is on the counter."""
    _lines(basket.priced(), currency)
    if basket.held_points:
        _row(f"  {basket.held_points} points", money(-basket.held_worth, currency))
    _row(f"To pay, {currency}", money(basket.total - basket.held_worth, currency))


def receipt(number: str, lines: Sequence[Line], payments: Iterable[tuple[str, int]], currency: str) -> None:
    """Print a receipt."""
    say(f"RECEIPT {number}")
    _lines(lines, currency)
    _row(f"TOTAL {currency}", money(total_of(lines), currency))
    for kind, amount in payments:
        _row(f"  {kind}", money(amount, currency))


def accounts(found: Sequence[Account]) -> None:
    """Show what a customer has."""
    for account in found:
        balance = account.balance
        also = (
            [f"{balance.pending} pending"] * bool(balance.pending)
            + [f"{balance.held} held"] * bool(balance.held)
            + [f"{-balance.debt} owed"] * bool(balance.debt)
        )
        aside = f" ({', '.join(also)})" if also else ""
        say(f"{account.programme}: {balance.available} points{aside}")


def quote(found: Quote) -> None:
    """Show what a quote says beside the prices: why it costs less, what it earns, what may be spent, what is within reach."""
    for taken in found.discounts:
        say(f"  {taken.name or taken.discount}: {taken.text}")
    for gift in found.gifts:
        say(f"  on top, for nothing: {gift.pieces} x {gift.sku}")
    for coupon in found.coupons:
        if not coupon.valid:
            wrong(f"coupon {coupon.code}: {coupon.reason}")
    for reward in found.entitlements:
        if not reward.valid:
            wrong(f"reward {reward.entitlement}: {reward.text or reward.reason}")
    say(f"Earns {found.points} points.")
    why(found.explanation)
    if found.spendable is not None and found.spendable.points:
        say(f"Up to {found.spendable.points} points may be spent.")
    for within in found.rewards:
        say(f"{within.name}: {'to be had' if within.available else f'{within.missing} points missing'} ({within.cost} points)")


def why(explanation: Explanation) -> None:
    """Show how points come about, a step a line."""
    for step in explanation.steps:
        say(f"  {step.rule}: {step.text}")


def words() -> None:
    """List what may be typed."""
    for meaning in WORDS.values():
        say(f"{meaning.usage:<34} {meaning.help}")


def wrong(text: str) -> None:
    """Say what is wrong, and go on."""
    note(f"! {text}")


def _lines(lines: Sequence[Line], currency: str) -> None:
    for line in lines:
        _row(f"{line.line_id:>2} {line.quantity // PIECE} x {line.name or line.sku}", money(line.list_amount or line.paid_amount, currency))
        if line.discount_amount:
            _row("     discount", money(-line.discount_amount, currency))


def _row(text: str, amount: str) -> None:
    say(f"{text:<{_WIDTH - len(amount)}}{amount}")
