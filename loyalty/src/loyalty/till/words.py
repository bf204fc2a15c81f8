"""What a cashier may type, and what it means."""

import shlex
from collections.abc import Mapping
from typing import NamedTuple


class Command(NamedTuple):
    """One line of a cashier: a word of `WORDS`, and what stands behind it."""

    word: str
    arguments: tuple[str, ...] = ()


class Meaning(NamedTuple):
    """How a word is used: with how many arguments, and what it does."""

    usage: str
    least: int
    most: int
    help: str


WORDS: Mapping[str, Meaning] = {
    "scan": Meaning("scan SKU [PIECES]", 1, 2, "put goods on the counter"),
    "remove": Meaning("remove LINE", 1, 1, "take a line off the counter"),
    "card": Meaning("card NUMBER", 1, 8, "the customer shows a card"),
    "email": Meaning("email ADDRESS", 1, 1, "the customer says an e-mail address"),
    "phone": Meaning("phone NUMBER", 1, 8, "the customer says a phone number"),
    "coupon": Meaning("coupon CODE", 1, 1, "the customer shows a coupon"),
    "reward": Meaning("reward CODE", 1, 1, "the customer shows a reward: a discount, a gift, free delivery"),
    "quote": Meaning("quote", 0, 0, "what it costs, what it earns, what may be spent"),
    "spend": Meaning("spend POINTS|all", 1, 1, "reserve points for this purchase"),
    "release": Meaning("release", 0, 0, "give reserved points back"),
    "pay": Meaning("pay [cash|card]", 0, 1, "take the money, print the receipt, publish the purchase"),
    "cancel": Meaning("cancel", 0, 0, "clear the counter; what was reserved is given back"),
    "return": Meaning("return RECEIPT [LINE [PIECES]]", 1, 3, "take goods back: quote, then publish the return"),
    "exchange": Meaning("exchange RECEIPT LINE SKU", 3, 3, "take a line back and put other goods on the counter for it"),
    "balance": Meaning("balance", 0, 0, "the customer's points"),
    "sync": Meaning("sync", 0, 0, "send what could not be sent"),
    "help": Meaning("help", 0, 0, "these words"),
    "quit": Meaning("quit", 0, 0, "leave; what was reserved is given back"),
}


def read(line: str) -> Command | str | None:
    """Read a line: a command, or what is wrong with it; None for an empty line or a remark after `#`."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError as error:
        return f"{error}: close the quotation"
    if not words:
        return None
    word, arguments = words[0].lower(), tuple(words[1:])
    meaning = WORDS.get(word)
    if meaning is None:
        return f"no such word: {word}. `help` lists them"
    if not meaning.least <= len(arguments) <= meaning.most:
        return f"usage: {meaning.usage}"
    return Command(word, arguments)
