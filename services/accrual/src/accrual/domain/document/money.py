"""What is wrong with an amount of money: in which currency it is, and how fine."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from accrual.domain.amounts import in_units, minor_digits
from accrual.domain.document.problems import Finding, Path


def money_findings(money: Any, path: Path, currencies: Sequence[str]) -> Iterator[Finding]:
    """Yield why an amount, if there is one, does not say how much it is in each of some currencies."""
    if money is None:
        return
    if isinstance(money, Decimal) and len(currencies) > 1:
        example = ", ".join(f"{currency}: {money}" for currency in currencies)
        yield Finding(path, "says not in which currency", f"write {{{example}}} with the amount in each")
        return
    amounts = dict.fromkeys(currencies, money) if isinstance(money, Decimal) else money
    for currency in currencies:
        if currency not in amounts:
            yield Finding(path, f"says nothing for {currency}", f"add {currency}, or restrict the rule with when: {{currency: …}}")
    for currency, amount in amounts.items():
        if currency not in currencies:
            yield Finding(path, f"{currency} cannot occur here", f"remove it; known here: {', '.join(currencies)}")
        elif in_units(amount, minor_digits(currency)) is None:
            yield Finding(path, f"{amount} is finer than the smallest coin of {currency}", f"write at most {minor_digits(currency)} decimals")
