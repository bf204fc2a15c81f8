"""What is wrong with a discount as a part of its programme: one that never takes anything off, or not as much as it says."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from accrual.domain.document.discounts import Discount, Stair
from accrual.domain.document.document import Document
from accrual.domain.document.further import unknown_findings
from accrual.domain.document.money import money_findings
from accrual.domain.document.occasions import goods_findings, window_findings
from accrual.domain.document.problems import Finding, Path


def discount_findings(document: Document) -> Iterator[Finding]:
    """Yield what is wrong with the discounts of a document."""
    ids = [discount.id for discount in document.discounts]
    for number, discount in enumerate(document.discounts):
        path: Path = ("discounts", number)
        if discount.id in ids[:number]:
            yield Finding((*path, "id"), f"another discount is called `{discount.id}` too", "give each discount an id of its own")
        if discount.stacking != "best_of" and "group" in discount.model_fields_set:
            yield Finding((*path, "group"), "a group means nothing here", "add stacking: best_of, or remove the group")
        yield from reduction_findings(discount, path, document)


def reduction_findings(discount: Discount, path: Path, document: Document) -> Iterator[Finding]:
    """Yield what is wrong with what a discount says, the programme's own or a campaign's."""
    yield from _money(discount, path, document)
    yield from goods_findings(discount.when, (*path, "when"))
    yield from window_findings(discount.when, (*path, "when"), document)
    yield from unknown_findings("tier", discount.when.tier or (), (*path, "when", "tier"), document)
    yield from unknown_findings("coupon", discount.when.coupon or (), (*path, "when", "coupon"), document)


def _money(discount: Discount, path: Path, document: Document) -> Iterator[Finding]:
    programme = document.all_currencies
    for currency in discount.when.currency or ():
        if currency not in programme:
            yield Finding((*path, "when", "currency"), f"{currency} is not a currency of the programme", f"known here: {', '.join(programme)}")
    currencies = discount.when.currency or programme
    for place, money in ((("amount",), discount.amount), (("most",), discount.most), (("when", "minimum"), discount.when.minimum)):
        yield from money_findings(money, (*path, *place), currencies)
    yield from money_findings(discount.rounding.to, (*path, "rounding", "to"), currencies)
    yield from _most(discount, path)
    yield from _table(discount.table or (), (*path, "table"), currencies)


def _most(discount: Discount, path: Path) -> Iterator[Finding]:
    most, amount = discount.most, discount.amount
    if isinstance(most, Decimal) and isinstance(amount, Decimal) and (most < amount or not discount.by_line):
        yield Finding((*path, "most"), f"{amount} is the same every time", "write the smaller one as amount, and remove most")


def _table(table: Sequence[Stair], path: Path, currencies: Sequence[str]) -> Iterator[Finding]:
    for number, stair in enumerate(table):
        if stair.first != 0:
            yield from money_findings(stair.first, (*path, number, "from"), currencies)
        yield from money_findings(stair.amount, (*path, number, "amount"), currencies)
    for number, (low, high) in enumerate(pairwise(table), start=1):
        for currency in currencies:
            if (first := _in(low, currency)) is not None and (second := _in(high, currency)) is not None and second <= first:
                yield Finding((*path, number, "from"), f"{second} comes after {first}", "write the steps in rising order")


def _in(stair: Stair, currency: str) -> Decimal | None:
    return stair.first.get(currency) if isinstance(stair.first, dict) else stair.first
