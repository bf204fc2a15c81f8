"""What happens around the money: the quote, the points that pay, the receipt."""

from dataclasses import replace
from uuid import UUID

from contracts.holds import HoldRequest
from contracts.purchases import Payment, PurchaseRecorded
from loyalty.console import Failure, say
from loyalty.till import screen
from loyalty.till.basket import Basket
from loyalty.till.till import Till
from loyalty_client import UnavailableError, event

_ALL = 10**15


async def quote(till: Till) -> None:
    """Ask what the counter costs, earns, and lets spend."""
    _something(till.basket)
    if till.basket.rewards:
        await till.release()  # what is reserved for one quote, another cannot count on
    found = await till.gateway.quote(till.shop.cart(till.basket, at=till.clock()))
    till.basket = till.basket.quoted(found)
    screen.counter(till.basket, till.shop.currency)
    screen.quote(found)


async def spend(till: Till, points: str) -> None:
    """Put points aside for this purchase: so many, or `all` that may be used."""
    _something(till.basket)
    if till.basket.holder is None:
        raise Failure("Nobody was identified.", advice="Points need an owner: card NUMBER.")
    if points != "all" and not points.isdecimal():
        raise Failure(f"{points} is no number of points.", advice="Write 200, or all.")
    _rewards_are_priced(till.basket)
    await till.release()
    await _hold(till, _ALL if points == "all" else int(points), partly=points == "all")
    screen.counter(till.basket, till.shop.currency)


async def pay(till: Till, kind: str = "cash") -> None:
    """Take the money, print the receipt, keep it, and tell the platform."""
    _something(till.basket)
    if kind not in ("cash", "card"):
        raise Failure(f"{kind} is no means of payment.", advice="Write pay cash, or pay card.")
    await _reserve_rewards(till)
    basket, number = till.basket, till.next_receipt()
    payments = _payments(basket, kind)
    sold = till.shop.receipt(basket, number, payments, at=till.clock())
    till.journal.keep(f"receipt/{number}", event(sold, source=till.shop.source))
    till.basket = Basket()
    screen.receipt(number, sold.lines, [(payment.kind, payment.amount) for payment in payments], till.shop.currency)
    if await till.sync():
        await _told(till, sold)


async def sync(till: Till) -> None:
    """Send what could not be sent."""
    if await till.sync():
        say("Everything is sent.")


async def release(till: Till) -> None:
    """Give points back that were put aside."""
    if till.basket.hold_id is None:
        raise Failure("No points are put aside.")
    await till.release()
    screen.counter(till.basket, till.shop.currency)


async def _hold(till: Till, points: int, *, partly: bool = False) -> None:
    """Put points aside, and with a quote all else that it counts on."""
    basket, now, receipt = till.basket, till.clock(), till.next_receipt()
    wanted = HoldRequest(
        holder=basket.holder,
        merchant=till.shop.merchant,
        purchase_id=till.shop.purchase_id(receipt),
        points=points,
        partly=partly,
        quote_id=None if basket.quote_id is None else UUID(basket.quote_id),
        purchase=till.shop.cart(basket, at=now, priced=True).purchase if basket.quote_id is None else None,
    )
    hold = await till.gateway.hold(wanted, idempotency_key=f"{till.shop.source}/{receipt}/{now.isoformat()}")
    till.basket = replace(basket, hold_id=str(hold.hold_id), held_points=hold.points, held_worth=hold.worth.amount)


async def _reserve_rewards(till: Till) -> None:
    """Have the rewards on the counter reserved: the receipt that names their hold uses them."""
    if not till.basket.rewards or till.basket.hold_id is not None:
        return
    _rewards_are_priced(till.basket)
    try:
        await _hold(till, 0)
    except UnavailableError as error:
        till.basket = replace(till.basket, rewards=()).unpriced()
        raise Failure("The gateway does not answer, so rewards cannot be used now; they stay the customer's.", advice="Write pay once more.") from error


def _payments(basket: Basket, kind: str) -> tuple[Payment, ...]:
    points = Payment(kind="points", amount=basket.held_worth)
    rest = Payment.model_validate({"kind": kind, "amount": basket.total - basket.held_worth})
    return (points, rest) if basket.held_worth and rest.amount else (points,) if basket.held_worth else (rest,)


async def _told(till: Till, sold: PurchaseRecorded) -> None:
    """Tell the customer what the purchase earned, once that is certain."""
    if sold.holder is None:
        return
    verdict = await till.settled(event(sold, source=till.shop.source))
    if verdict is None:
        say("The points come a little later.")
        return
    known = await till.gateway.why(sold.merchant, sold.purchase_id)
    explanation = known.revisions[-1].explanation if known.revisions else None
    if explanation is None or not explanation.points:
        say(f"No points: {verdict.reason or verdict.verdict}.")
        return
    say(f"{explanation.points} points for this purchase:")
    screen.why(explanation)


def _rewards_are_priced(basket: Basket) -> None:
    if basket.rewards and basket.quote_id is None:
        raise Failure("Nobody has said yet what the rewards take off.", advice="Ask first: quote.")


def _something(basket: Basket) -> None:
    if not basket.lines:
        raise Failure("There is nothing on the counter.", advice="Scan goods first: scan SKU.")
