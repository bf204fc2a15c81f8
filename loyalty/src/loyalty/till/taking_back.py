"""What comes back: returns and exchanges, with a quote before the money moves."""

from dataclasses import replace

from contracts.purchases import PurchaseRecorded, PurchaseReturned
from contracts.verdicts import Verdict
from loyalty.console import Failure, note, say
from loyalty.till import screen
from loyalty.till.basket import Basket
from loyalty.till.counter import number, scan
from loyalty.till.returning import given_back, returned
from loyalty.till.till import Till
from loyalty_client import UnavailableError, event


async def take_back(till: Till, receipt_number: str, line_id: str | None = None, pieces: str | None = None) -> None:
    """Take goods of a receipt back."""
    receipt = _receipt(till, receipt_number)
    back = _back(till, receipt, receipt_number, line_id, None if pieces is None else number(pieces))
    if await _is_allowed(till, back):
        await _tell(till, receipt, back)


async def exchange(till: Till, receipt_number: str, line_id: str, sku: str) -> None:
    """Take a line back, and put other goods on the counter for it: they are decided by the rules and the day of the first purchase."""
    receipt, good = _receipt(till, receipt_number), till.good(sku)
    if till.basket.lines:
        raise Failure("There is something on the counter.", advice="Pay or cancel it first.")
    back = _back(till, receipt, receipt_number, line_id, None)
    if await _is_allowed(till, back):
        await _tell(till, receipt, back)
        till.basket = replace(Basket(), holder=receipt.holder, exchanged=receipt.purchase_id)
        await scan(till, good.sku)


def _receipt(till: Till, receipt_number: str) -> PurchaseRecorded:
    receipt = till.journal.receipt(receipt_number)
    if receipt is None:
        raise Failure(f"This till has no receipt {receipt_number}.", advice="Its number is on its first line.")
    return receipt


def _back(till: Till, receipt: PurchaseRecorded, receipt_number: str, line_id: str | None, pieces: int | None) -> PurchaseReturned:
    return_id = f"{till.shop.store}/{receipt_number}-r{till.journal.count(f'return/{receipt_number}') + 1}"
    return returned(receipt, return_id, line_id, pieces, at=till.clock())


async def _is_allowed(till: Till, back: PurchaseReturned) -> bool:
    """Ask what the return takes, and tell the customer. Where nobody answers, it is taken: the event will settle it."""
    if not await till.sync():  # the purchase itself may not have been told yet
        return True
    try:
        found = await till.gateway.return_quote(back)
    except UnavailableError:
        note("The gateway does not answer: the points are settled later.")
        return True
    if not found.allowed:
        screen.wrong(f"Not taken back: {found.reason}. Points of this purchase were used already.")
        return False
    owed = f", {found.debt} owed from now on" if found.debt else ""
    say(f"This takes {found.points_taken} points{owed}; {found.points_kept} stay.")
    return True


async def _tell(till: Till, receipt: PurchaseRecorded, back: PurchaseReturned) -> None:
    told, place = event(back, source=till.shop.source), till.journal.count(f"return/{receipt.receipt_number}") + 1
    till.journal.keep(f"return/{receipt.receipt_number}/{place}", told)
    say(f"RETURN of receipt {receipt.receipt_number}: {screen.money(given_back(receipt, back), till.shop.currency)} {till.shop.currency} given back.")
    if not await till.sync():
        return
    verdict = await till.settled(told)
    if verdict is None:
        say("The points are settled a little later.")
    elif verdict.verdict is Verdict.REFUSED:
        screen.wrong(f"The return was refused: {verdict.reason}.")
