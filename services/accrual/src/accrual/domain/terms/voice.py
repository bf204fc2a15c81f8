"""How values are written for people: amounts of money, days, durations, lists, in each language."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accrual.domain.amounts import minor_digits
from accrual.domain.terms.words import Language, Said

_SPAN = re.compile(r"(\d+) (hour|minute|day|week|month|quarter|year)s?")
_UNITS = {
    "minute": ("минуту", "минуты", "минут"),
    "hour": ("час", "часа", "часов"),
    "day": ("день", "дня", "дней"),
    "week": ("неделю", "недели", "недель"),
    "month": ("месяц", "месяца", "месяцев"),
    "quarter": ("квартал", "квартала", "кварталов"),
    "year": ("год", "года", "лет"),
}
_MONTHS = Said(
    "January February March April May June July August September October November December",
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
)
_OR, _AND = Said(" or ", " или "), Said(" and ", " и ")
_FEW = range(2, 5)
_TEENS = range(11, 15)


@dataclass(frozen=True, slots=True)
class Voice:
    """A language, and what values need to be said in it: what points are called, the currency, names, what levels count."""

    language: Language
    points: str
    currency: str | None
    names: Mapping[str, str] = field(default_factory=dict)
    measures: tuple[str, ...] = ()  #: what the levels count

    def value(self, value: Any) -> str:
        """Write one value that is no part."""
        if isinstance(value, Decimal):
            return self.number(value)
        if isinstance(value, datetime):
            return f"{self.day(value)}, {value:%H:%M} ({value:%z})"
        if isinstance(value, date):
            return self.day(value)
        if isinstance(value, Mapping):
            return self.listed([f"{key}: {self.value(each)}" for key, each in value.items()], together=True)
        if isinstance(value, str) and (span := _SPAN.fullmatch(value)):
            return self.span(int(span[1]), span[2])
        return str(value)

    def number(self, value: Decimal) -> str:
        """Write a number: a comma before the decimals in Russian."""
        text = format(value.normalize(), "f")
        return text.replace(".", ",") if self.language == "ru" else text

    def money(self, value: Any) -> str:
        """Write an amount of money with its currency; with each currency where there are several."""
        if isinstance(value, Mapping):
            return self.listed([self._money(amount, currency) for currency, amount in value.items()], together=False)
        return self._money(value, self.currency)

    def day(self, value: date) -> str:
        """Write a day: `1 December 2026`."""
        year = f"{value.year} года" if self.language == "ru" else str(value.year)
        return f"{value.day} {_MONTHS.in_(self.language).split()[value.month - 1]} {year}"

    def span(self, count: int, unit: str) -> str:
        """Write a duration: `12 months`, `12 месяцев`."""
        if self.language == "en":
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
        return f"{count} {_UNITS[unit][_russian(count)]}"

    def times(self, count: int) -> str:
        """Write how often, after "at most": `once`, `3 times`, `3 раз`."""
        if self.language == "ru":
            return f"{count} {'раза' if _russian(count) == 0 else 'раз'}"
        return {1: "once", 2: "twice"}.get(count, f"{count} times")

    def listed(self, texts: list[str], *, together: bool) -> str:
        """Join texts: `a, b or c`; with `and` where all of them hold."""
        last = (_AND if together else _OR).in_(self.language)
        return last.join([", ".join(texts[:-1]), texts[-1]] if texts[1:] else texts)

    def _money(self, value: Any, currency: str | None) -> str:
        if not isinstance(value, Decimal | int):
            return self.value(value)
        amount, digits = Decimal(value), minor_digits(currency or "EUR")
        text = self.number(amount) if amount == amount.to_integral_value() or -int(amount.normalize().as_tuple().exponent) > digits else f"{amount:.{digits}f}"
        return f"{text.replace('.', ',') if self.language == 'ru' else text} {currency}" if currency else text


def _russian(count: int) -> int:
    """Tell which of the three forms a Russian noun takes after a number."""
    if count % 100 in _TEENS:
        return 2
    return 0 if count % 10 == 1 else 1 if count % 10 in _FEW else 2
