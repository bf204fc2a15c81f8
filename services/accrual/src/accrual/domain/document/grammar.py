"""The small words of a programme document: how an amount, a duration, a date, a list is written."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrulestr
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_before_validator_function

_NUMBER = re.compile(r"\d{1,12}(\.\d{1,6})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_WHOLE = re.compile(r"-?\d{1,9}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_PER = ("unit", "visit", "receipt", "month", "quarter", "year", "ever")
_RULE = re.compile(r"[A-Z]+=[A-Z0-9,+-]+(;[A-Z]+=[A-Z0-9,+-]+)*")
_RULE_PARTS = frozenset({"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYYEARDAY", "BYWEEKNO", "BYSETPOS", "WKST"})
_WHICH_DAY = frozenset({"BYDAY", "BYMONTHDAY", "BYYEARDAY"})


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


def _from(value: Any) -> Any:
    return Decimal(0) if value in (0, "0", Decimal(0)) else _money(value)


def _step(value: Any) -> Any:
    return value if value in _PER else _money(value)


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


def _distinct(value: tuple[Any, ...]) -> tuple[Any, ...]:
    if not value:
        raise problem("an empty list", "name at least one, or leave the key out")
    for place, item in enumerate(value):
        if item in value[:place]:
            named = f"`{item.id}`" if hasattr(item, "id") else "the same" if isinstance(item, BaseModel) else item
            raise problem(f"{named} stands in the list twice", "keep one of them")
    return value


def day_of(moment: date) -> date:
    """Return the day of what may be a day or a moment, as it is written."""
    return moment.date() if isinstance(moment, datetime) else moment


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


def _recurrence(value: str) -> str:
    rule = value.removeprefix("RRULE:").upper()
    parts = dict(part.partition("=")[::2] for part in rule.split(";")) if _RULE.fullmatch(rule) else {}
    if not parts or parts.get("FREQ") not in {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}:
        raise problem(f"`{value}` is no recurrence of days", "write it by RFC 5545, as FREQ=MONTHLY;BYDAY=1SA for the first Saturday of each month")
    unknown = sorted(parts.keys() - _RULE_PARTS)
    if unknown:
        raise problem(f"{unknown[0]} means nothing here", "use `dates` for the first and the last day, and `hours` for hours")
    if not _WHICH_DAY & parts.keys() and parts["FREQ"] != "DAILY":
        raise problem("says not on which days", f"name them, as FREQ={parts['FREQ']};BYDAY=TU")
    try:
        rrulestr(rule, dtstart=datetime(2001, 1, 1))  # noqa: DTZ001  days have no zone
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise problem(f"`{value}` is no recurrence of days", "write it by RFC 5545, as FREQ=MONTHLY;BYDAY=1SA for the first Saturday of each month") from error
    return rule


def _shown(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {currency: _shown(amount) for currency, amount in value.items()}
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value


class OneOrMore:
    """A list, or its only element."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Make a list of what is none."""
        return no_info_before_validator_function(lambda value: value if isinstance(value, list | tuple) or value is None else [value], handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Tell editors about both ways."""
        found = handler(schema)
        return {"anyOf": [found, found["items"]]}


class Short:
    """A part, or the value of its most important key."""

    def __init__(self, key: str) -> None:
        """Name the key."""
        self._key = key

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Make a part of a value."""
        return no_info_before_validator_function(lambda value: value if isinstance(value, dict | BaseModel) else {self._key: value}, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Tell editors about both ways."""
        found = handler(schema)
        return {"anyOf": [found, handler.resolve_ref_schema(found)["properties"][self._key]]}


class Never:
    """`never`, written out, is the same as leaving the part out."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read `never` as nothing."""
        return no_info_before_validator_function(lambda value: None if value == "never" else value, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Tell editors about the word."""
        return {"anyOf": [handler(schema), {"const": "never"}]}


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
WHOLE = BeforeValidator(_whole)
"""An integer, written with digits only."""
Truth = Annotated[bool, BeforeValidator(_truth)]
Day = Annotated[date, BeforeValidator(_day)]
DayOrMoment = Annotated[datetime | date, BeforeValidator(_day_or_moment)]
Amount = Annotated[Decimal, BeforeValidator(_number), AfterValidator(_positive), PlainSerializer(_shown)]
"""A positive decimal number, kept exactly."""
Threshold = Annotated[Decimal, BeforeValidator(_number), PlainSerializer(_shown)]
"""A decimal number that may be 0, kept exactly."""

_MONEY_SCHEMA: dict[str, Any] = {"anyOf": [{"type": "number"}, {"type": "string"}, {"type": "object", "additionalProperties": {"type": ["number", "string"]}}]}
Money = Annotated[Decimal | dict[str, Decimal], PlainValidator(_money), PlainSerializer(_shown), WithJsonSchema(_MONEY_SCHEMA)]
"""A positive amount of money; by currency where the programme has several."""

From = Annotated[Decimal | dict[str, Decimal], PlainValidator(_from), PlainSerializer(_shown), WithJsonSchema(_MONEY_SCHEMA)]
"""An amount of money where something begins: 0, or an amount as everywhere."""

Step = Annotated[Decimal | dict[str, Decimal] | str, PlainValidator(_step), PlainSerializer(_shown), WithJsonSchema(_MONEY_SCHEMA)]
"""What points are given per: an amount of money, `unit` or `visit`; for a volume a period."""

Recurrence = Annotated[str, AfterValidator(_recurrence)]
"""Days that come again, by RFC 5545: `FREQ=WEEKLY;BYDAY=TU`."""

Share = Annotated[str, _written(r"^(100|[1-9]\d?(\.\d{1,2})?)%$", "a share, as 50%")]
"""A share above 0 and up to 100 %: `50%`."""

NEVER = Never()

Days = Annotated[str, _written(r"^\d{1,4} days?$", "a number of days, as 14 days")]
Clock = Annotated[str, _written(r"^[1-9]\d{0,3} (minutes?|hours?)$", "minutes or hours, as 10 minutes or 24 hours")]
"""`10 minutes`, `24 hours`."""

DaysOrConfirmed = Annotated[str, _written(r"^(\d{1,4} days?|confirmed)$", "a number of days, as 14 days, or confirmed")]
Span = Annotated[str, _written(r"^(\d{1,4} days?|\d{1,3} months?|\d{1,2} years?)$", "14 days, 12 months or 1 year")]
"""`14 days`, `12 months`, `1 year`."""

Yearly = Annotated[str, _written(r"^\d\d-\d\d$", "month-day, as 12-31"), AfterValidator(_yearly)]
Hours = Annotated[str, _written(r"^\d\d:\d\d-\d\d:\d\d$", "a span of hours, as 16:00-18:00"), AfterValidator(_hours)]

ONE_OR_MORE = OneOrMore()
DISTINCT = AfterValidator(_distinct)
Ids = Annotated[tuple[Id, ...], ONE_OR_MORE, DISTINCT]
Slugs = Annotated[tuple[Slug, ...], ONE_OR_MORE, DISTINCT]
