"""The small words of a programme document: how an amount, a duration, a date, a list is written."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, PlainValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

_NUMBER = re.compile(r"\d{1,12}(\.\d{1,6})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_WHOLE = re.compile(r"-?\d{1,9}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def problem(message: str, advice: str) -> PydanticCustomError:
    """Return an error that carries its advice. Texts must not contain braces."""
    return PydanticCustomError("document", "{text}", {"text": message, "advice": advice})


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool | float) or not _NUMBER.fullmatch(str(value)):
        raise problem("not a number", "write digits and a point, as 20 or 20.00, at most 6 of them after the point")
    return Decimal(str(value))


def _money(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return _positive(_number(value))
    if not value:
        raise problem("no currency is named", "write {USD: 1.00, EUR: 0.90}")
    for currency in value:
        if not _CURRENCY.fullmatch(str(currency)):
            raise problem(f"{currency} is not a currency", "write its three capital letters, as USD")
    return {currency: _positive(_number(amount)) for currency, amount in value.items()}


def _step(value: Any) -> Any:
    return value if value in ("unit", "visit") else _money(value)


def _positive(value: Decimal) -> Decimal:
    if value == 0:
        raise problem("must be more than 0", "leave the rule out, or exclude the goods, to give nothing")
    return value


def _whole(value: Any) -> Any:
    if isinstance(value, bool | float) or not _WHOLE.fullmatch(str(value)):
        raise problem("not a whole number", "write digits only, as 3")
    return int(value)


def _truth(value: Any) -> Any:
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise problem("neither true nor false", "write true or false")


def _day(value: Any) -> Any:
    if isinstance(value, date):
        return value
    try:
        if _DAY.fullmatch(str(value)):
            return date.fromisoformat(str(value))
    except ValueError:
        pass
    raise problem("not a date", "write year-month-day, as 2026-12-01")


def _day_or_moment(value: Any) -> Any:
    try:
        if isinstance(value, str) and _MOMENT.fullmatch(value):
            return datetime.fromisoformat(value)
    except ValueError as error:
        raise problem("not a moment", "write it as 2026-12-01T09:00:00+03:00") from error
    return _day(value)


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise problem(f"no such time zone: {value}", "use a name of the IANA data base, as Europe/Moscow") from error
    return value


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) or value is None else [value]


def _distinct(value: tuple[Any, ...]) -> tuple[Any, ...]:
    if not value:
        raise problem("an empty list", "name at least one, or leave the key out")
    for place, item in enumerate(value):
        if item in value[:place]:
            raise problem(f"{item} stands in the list twice", "keep one of them")
    return value


def _yearly(value: str) -> str:
    try:
        date.fromisoformat(f"2001-{value}")  # a common year: 29 February is not a yearly date
    except ValueError as error:
        raise problem(f"{value} is not in every year's calendar", "write month-day, as 12-31; for the end of February 02-28") from error
    return value


def _hours(value: str) -> str:
    start, _, end = value.partition("-")
    if not start < end <= "24:00" or max(start[3:], end[3:]) > "59":
        raise problem("not a span of hours within one day", "write 16:00-18:00; for a night two spans, 22:00-24:00 and 00:00-02:00")
    return value


def _never(value: Any) -> Any:
    return None if value == "never" else value


def _shown(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {currency: _shown(amount) for currency, amount in value.items()}
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value


#: What is expected where a pattern is not met.
EXPECTED: dict[str, str] = {}


def _written(pattern: str, expected: str) -> StringConstraints:
    EXPECTED[pattern] = expected
    return StringConstraints(pattern=pattern)


Slug = Annotated[str, _written(r"^[a-z0-9][a-z0-9_-]{0,62}$", "small letters, digits and dashes, as big-receipt")]
"""A name for machines and people: small letters, digits, dashes."""

Id = Annotated[str, _written(r"^[^\x00]{1,200}$", "1 to 200 characters")]
"""An id of somebody else: a category, a SKU, a store."""

Language = Annotated[str, _written(r"^[a-z]{2}$", "a language in two small letters, as en")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Currency = Annotated[str, _written(r"^[A-Z]{3}$", "a currency in three capital letters, as USD")]
Zone = Annotated[str, AfterValidator(_zone)]
Whole = Annotated[int, BeforeValidator(_whole)]
Truth = Annotated[bool, BeforeValidator(_truth)]
Day = Annotated[date, BeforeValidator(_day)]
DayOrMoment = Annotated[datetime | date, BeforeValidator(_day_or_moment)]
Amount = Annotated[Decimal, BeforeValidator(_number), AfterValidator(_positive), PlainSerializer(_shown)]
"""A positive decimal number, kept exactly."""

_MONEY_SCHEMA: dict[str, Any] = {"anyOf": [{"type": "number"}, {"type": "string"}, {"type": "object", "additionalProperties": {"type": ["number", "string"]}}]}
Money = Annotated[Decimal | dict[str, Decimal], PlainValidator(_money), PlainSerializer(_shown), WithJsonSchema(_MONEY_SCHEMA)]
"""A positive amount of money; by currency where the programme has several."""

Step = Annotated[Decimal | dict[str, Decimal] | str, PlainValidator(_step), PlainSerializer(_shown), WithJsonSchema(_MONEY_SCHEMA)]
"""What points are given per: an amount of money, `unit` or `visit`."""

NEVER = BeforeValidator(_never)
"""`never`, written out, is the same as leaving the part out."""

Days = Annotated[str, _written(r"^\d{1,4} days?$", "a number of days, as 14 days")]
DaysOrConfirmed = Annotated[str, _written(r"^(\d{1,4} days?|confirmed)$", "a number of days, as 14 days, or confirmed")]
Span = Annotated[str, _written(r"^(\d{1,4} days?|\d{1,3} months?|\d{1,2} years?)$", "14 days, 12 months or 1 year")]
"""`14 days`, `12 months`, `1 year`."""

Yearly = Annotated[str, _written(r"^\d\d-\d\d$", "month-day, as 12-31"), AfterValidator(_yearly)]
Hours = Annotated[str, _written(r"^\d\d:\d\d-\d\d:\d\d$", "a span of hours, as 16:00-18:00"), AfterValidator(_hours)]

ONE_OR_MORE = BeforeValidator(_listed)
"""A list, or its only element."""
DISTINCT = AfterValidator(_distinct)
Ids = Annotated[tuple[Id, ...], ONE_OR_MORE, DISTINCT]
Slugs = Annotated[tuple[Slug, ...], ONE_OR_MORE, DISTINCT]
