"""Guesses from the names of columns what they hold, so that a bare export of a till can be looked at without writing anything first."""

import re
from collections.abc import Sequence
from typing import Any

from loyalty.console import COULD_NOT, Failure
from loyalty.publish.mapping import FileMapping

#: Names by what they mean, lower case and letters only; the first that is there is taken.
_NAMES = {
    "customer": "customerid customer clientid client member memberid card cardnumber cardno userid user buyer holder contactid покупатель клиент карта",
    "receipt": "invoiceno invoice invoiceid receipt receiptid receiptnumber receiptno orderid order ordernumber purchaseid transactionid transaction чек заказ",
    "when": "occurredat invoicedate datetime timestamp purchasedate orderdate transactiondate date day time дата",
    "amount": "paidamount amount total sum linetotal paid revenue sales value сумма",
    "price": "unitprice price цена",
    "quantity": "quantity qty pieces count units items количество",
    "sku": "sku stockcode article articleno product productid item itemid goods code артикул товар",
    "category": "category group productgroup department категория",
    "brand": "brand бренд",
    "store": "store storeid shop shopid branch outlet магазин",
    "cost": "costamount cost purchaseprice себестоимость",
}
_TYPE = "loyalty.purchase.recorded.v1"
_NOT_LETTERS = re.compile(r"[\W\d_]+")


def guessed(header: Sequence[str], *, digits: int, zone: str) -> FileMapping:
    """Return the mapping that the names of the columns suggest. Fails where the time or the amount cannot be told.

    Money has so many digits after the point, and times that name no zone are of the one given.
    """
    known = {_NOT_LETTERS.sub("", name.casefold()): name for name in reversed(header)}
    found = {meaning: next((known[name] for name in names.split() if name in known), None) for meaning, names in _NAMES.items()}
    if found["when"] is None or (found["amount"] is None and found["price"] is None):
        missing = "when a purchase was made" if found["when"] is None else "how much was paid"
        advice = f"Its columns: {', '.join(header)}. Say what they hold in a mapping file, as for `loyalty publish`, and add --mapping FILE."
        raise Failure(f"No column says by its name {missing}.", advice=advice, code=COULD_NOT)
    amount: dict[str, Any] = {"money": _braced(found["amount"] or found["price"]), "digits": digits}
    if found["amount"] is None and found["quantity"] is not None:
        amount["times"] = _braced(found["quantity"])
    lines: dict[str, Any] = {"paid_amount": amount}
    data: dict[str, Any] = {"occurred_at": {"time": _braced(found["when"]), "zone": zone}}
    if found["quantity"] is not None:
        lines["quantity"] = {"quantity": _braced(found["quantity"])}
    if found["cost"] is not None:
        lines["cost_amount"] = {"money": _braced(found["cost"]), "digits": digits}
    lines |= {name: _braced(found[name]) for name in ("sku", "category", "brand") if found[name] is not None}
    data |= {name: _braced(found[meaning]) for name, meaning in (("holder", "customer"), ("purchase_id", "receipt"), ("store", "store")) if found[meaning]}
    return FileMapping(type=_TYPE, source="urn:guessed", event_id=_braced(found["receipt"] or found["when"]), group_by=found["receipt"], data=data, lines=lines)


def told(mapping: FileMapping) -> str:
    """Say in one line what was understood."""
    parts = [f"{name} from {_plain(rule)}" for name, rule in (mapping.data | (mapping.lines or {})).items()]
    return f"Understood by the names of the columns: {', '.join(parts)}. Where that is wrong, write a mapping file."


def _plain(rule: Any) -> str:
    texts = [str(rule[key]) for key in ("money", "quantity", "time", "times") if key in rule] if isinstance(rule, dict) else [str(rule)]
    return " x ".join(text.strip("{}") for text in texts)


def _braced(name: str | None) -> str:
    return f"{{{name}}}"
