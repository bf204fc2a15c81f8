"""What happens before the money: goods, customer, coupons."""

from dataclasses import replace

from loyalty.console import Failure, note, say
from loyalty.till import screen
from loyalty.till.basket import Basket
from loyalty.till.till import Till
from loyalty_client import UnavailableError
from loyalty_client.identifiers import Kind

_VISIBLE = 4  #: the last characters of what a customer showed
_MOST_PIECES = 10_000


async def scan(till: Till, sku: str, pieces: str = "1") -> None:
    """Put goods on the counter."""
    good = till.good(sku)
    count = number(pieces)
    await till.release()
    till.basket = till.basket.scanned(good, pieces=count)
    screen.counter(till.basket, till.shop.currency)


async def remove(till: Till, line_id: str) -> None:
    """Take a line off the counter."""
    if all(line.line_id != line_id for line in till.basket.lines):
        raise Failure(f"There is no line {line_id}.")
    await till.release()
    till.basket = till.basket.without(line_id)
    screen.counter(till.basket, till.shop.currency)


async def identify(till: Till, *shown: str, kind: Kind) -> None:
    """Note who buys, and greet them with their points."""
    text = " ".join(shown)
    holder = await till.customers.holder(kind, text)
    await till.release()
    till.basket = replace(till.basket, holder=holder, shown=(kind, text)).unpriced()
    say(f"Customer: {kind} …{text[-_VISIBLE:]}")
    try:
        await balance(till)
    except UnavailableError:
        note("Nobody says how many points that is: the gateway does not answer.")


async def balance(till: Till) -> None:
    """Show the customer's points."""
    if till.basket.shown is None:
        raise Failure("Nobody was identified.", advice="Try: card NUMBER, email ADDRESS or phone NUMBER.")
    who, accounts = await till.customers.accounts(*till.basket.shown)
    say(f"It is {who}.")
    screen.accounts(accounts)


async def coupon(till: Till, code: str) -> None:
    """Note a coupon."""
    await till.release()
    till.basket = replace(till.basket, coupons=tuple(dict.fromkeys((*till.basket.coupons, code)))).unpriced()
    say(f"Coupon {code}: `quote` says what it is good for.")


async def reward(till: Till, code: str) -> None:
    """Note a reward of the customer."""
    if till.basket.holder is None:
        raise Failure("Nobody was identified.", advice="A reward has an owner: card NUMBER.")
    await till.release()
    till.basket = replace(till.basket, rewards=tuple(dict.fromkeys((*till.basket.rewards, code)))).unpriced()
    say(f"Reward {code}: `quote` says what it is good for.")


async def cancel(till: Till) -> None:
    """Clear the counter."""
    await till.release()
    till.basket = Basket()
    say("The counter is empty.")


def number(text: str) -> int:
    """Read a number of pieces. Fails for what is none."""
    if not (text.isdecimal() and 0 < int(text) <= _MOST_PIECES):
        raise Failure(f"{text} is no number of pieces.", advice="Write 2.")
    return int(text)
