"""`loyalty till`."""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from loyalty.console import FAILED, Failure, note
from loyalty.options import Data, places_of
from loyalty.stack import state
from loyalty.stack.keys import token_for
from loyalty.stack.programs import CARD_PREFIX, REGION
from loyalty.till import counter, goods, screen, selling, taking_back
from loyalty.till.customers import Customers
from loyalty.till.journal import Journal
from loyalty.till.shop import Shop
from loyalty.till.till import Till
from loyalty.till.words import Command, read
from loyalty_client import Gateway, HttpPublisher, IdentifierKeys, ProblemError, UnavailableError
from shared.clock import utc_now
from shared.local.keys import LocalKeys

SCOPES = ("events:write", "verdicts:read", "members:read", "accounts:read", "quotes:read", "holds:write")
#: A customer waits no longer than this for a gateway that does not answer.
PATIENCE_SECONDS, TIMEOUT_SECONDS = 2, 5

Merchant = Annotated[str, typer.Option("--merchant", metavar="ID", help="Who sells.")]
Store = Annotated[str, typer.Option("--store", metavar="ID", help="Which store.")]
Zone = Annotated[str, typer.Option("--zone", metavar="ZONE", help="The store's time zone.")]
Currency = Annotated[str, typer.Option("--currency", metavar="CODE", help="What is paid in.")]
Number = Annotated[str, typer.Option("--number", metavar="N", help="Of the till, where a store has several.")]
Goods = Annotated[
    Path | None, typer.Option("--goods", metavar="FILE", help="A CSV file: sku,price and name,category,brand,labels. A few goods where not given.")
]
JournalFile = Annotated[Path | None, typer.Option("--journal", metavar="FILE", help="Where receipts are kept; in the stack's folder where not given.")]
GatewayUrl = Annotated[str | None, typer.Option("--gateway", envvar="LOYALTY_GATEWAY", metavar="URL", help="The gateway; the local stack's where not given.")]
Token = Annotated[str | None, typer.Option("--token", envvar="LOYALTY_TOKEN", metavar="JWT", help="A token; one of the local stack where not given.")]

_WORDS: Mapping[str, Callable[..., Awaitable[None]]] = {
    "scan": counter.scan,
    "remove": counter.remove,
    **{kind: partial(counter.identify, kind=kind) for kind in ("card", "email", "phone")},
    "coupon": counter.coupon,
    "reward": counter.reward,
    "balance": counter.balance,
    "cancel": counter.cancel,
    "quote": selling.quote,
    "spend": selling.spend,
    "release": selling.release,
    "pay": selling.pay,
    "sync": selling.sync,
    "return": taking_back.take_back,
    "exchange": taking_back.exchange,
}


def till(  # noqa: PLR0913  each is an option of its own
    *,
    merchant: Merchant = "corner-shop",
    store: Store = "main-street",
    zone: Zone = "UTC",
    currency: Currency = "USD",
    number: Number = "1",
    goods_file: Goods = None,
    journal: JournalFile = None,
    gateway: GatewayUrl = None,
    token: Token = None,
    data: Data = None,
) -> None:
    r"""Open a till: scan goods, show a card, ask for a quote, spend points, take the money, take goods back.

    It reads one command a line, from the keyboard or from a file; `help` lists them. Receipts are kept before they are sent: where the
    gateway does not answer, the till sells all the same, and sends them later. Exit code 1: a command of a file could not be done.

    Examples:
      loyalty till
      loyalty till --merchant coffee-house --currency RUB --zone Europe/Moscow --goods goods.csv
      printf 'card 9000000000000019\nscan tea 2\nquote\npay card\n' | loyalty till
    """
    shop, places = Shop(merchant, store, zone, currency, number), places_of(data)
    if gateway is None or token is None:
        stack = state.running(places)
        gateway = gateway or stack.services["gateway"].url
        token = token or token_for(places, scopes=SCOPES, audience=stack.audience)
    kept = Journal(journal or places.folder / "tills" / f"{merchant}-{store}-{number}.sqlite")
    wares = goods.load_goods(goods_file or goods.EXAMPLE, currency=currency)
    keys = _keys(places.keys)
    with contextlib.closing(kept):
        if not asyncio.run(_open(shop, wares, kept, keys, gateway, token)):
            raise typer.Exit(FAILED)


async def _open(shop: Shop, wares: Mapping[str, goods.Good], journal: Journal, keys: IdentifierKeys, url: str, token: str) -> bool:
    """Work until the last line. False: something could not be done, and nobody was there to be asked."""
    somebody_is_there = sys.stdin.isatty()
    async with Gateway(url, token, timeout_seconds=TIMEOUT_SECONDS) as asked, HttpPublisher(url, token, patience_seconds=PATIENCE_SECONDS) as publisher:
        opened = Till(shop=shop, goods=wares, journal=journal, gateway=asked, publisher=publisher, customers=Customers(keys, asked), clock=utc_now)
        try:
            return await _work(opened, _typed() if somebody_is_there else sys.stdin) or somebody_is_there
        finally:
            await opened.release()


async def _work(opened: Till, lines: Iterable[str]) -> bool:
    well = True
    for line in lines:
        command = read(line)
        if command is None:
            continue
        if isinstance(command, str):
            screen.wrong(command)
            well = False
            continue
        if command.word == "quit":
            break
        well = await _do(opened, command) and well
    return well


async def _do(opened: Till, command: Command) -> bool:
    """Do what the cashier says. False: it could not be done; nothing changed."""
    if command.word == "help":
        screen.words()
        return True
    try:
        await _WORDS[command.word](opened, *command.arguments)
    except Failure as failure:
        screen.wrong(f"{failure.what} {failure.advice}".strip())
    except UnavailableError:
        screen.wrong("The gateway does not answer. Sell on: receipts are kept, and earn when they are sent. Points cannot be spent now.")
    except ProblemError as error:
        screen.wrong(f"{error.title}: {error.detail or error.code}")
    else:
        return True
    return False


def _typed() -> Iterator[str]:
    """Give what is typed, line by line, until the end."""
    note("A till. `help` lists the words, `quit` closes it.")
    while True:
        try:
            yield input("till> ")
        except EOFError:
            return


def _keys(folder: Path) -> IdentifierKeys:
    """Take the card's key, if the store has one: then a card is known although nobody answers."""
    card = LocalKeys(folder).identifier("card")
    return IdentifierKeys.from_files(card=card if card.exists() else None, region=REGION, card_prefixes={CARD_PREFIX})
