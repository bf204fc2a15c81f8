"""Says an RFC 5545 recurrence in words: `FREQ=MONTHLY;BYDAY=-1FR` is `each month, on the last Friday`."""

from accrual.domain.terms.vocabulary.earning import DAYS
from accrual.domain.terms.words import Language, Said

_FREQUENCIES = {
    "DAILY": Said("each day", "каждый день"),
    "WEEKLY": Said("each week", "каждую неделю"),
    "MONTHLY": Said("each month", "каждый месяц"),
    "YEARLY": Said("each year", "каждый год"),
}
_PARTS = {
    "INTERVAL": Said("of these every {value}. one", "из них каждый {value}-й раз"),
    "BYDAY": Said("on {value}", "по дням: {value}"),
    "BYMONTHDAY": Said("on the days {value} of the month", "по числам месяца: {value}"),
    "BYMONTH": Said("in the months {value}", "в месяцы: {value}"),
}
_PLACES = {
    "1": Said("the first", "первый день:"),
    "2": Said("the second", "второй день:"),
    "3": Said("the third", "третий день:"),
    "4": Said("the fourth", "четвёртый день:"),
    "-1": Said("the last", "последний день:"),
}


def said(rule: str, language: Language) -> str:
    """Say a recurrence. A part without words of its own stands as it is written."""
    parts = dict(part.split("=", 1) for part in rule.removeprefix("RRULE:").split(";") if "=" in part)
    frequency = parts.pop("FREQ", "")
    words = [_FREQUENCIES[frequency].in_(language) if frequency in _FREQUENCIES else frequency]
    for name, value in parts.items():
        texts = [_day(each, language) for each in value.split(",")] if name == "BYDAY" else value.split(",")
        template = _PARTS[name].in_(language) if name in _PARTS else f"{name} {{value}}"
        words.append(template.format(value=", ".join(texts)))
    return ", ".join(filter(None, words)) or rule


def _day(text: str, language: Language) -> str:
    place, day = text[:-2].removeprefix("+"), text[-2:]
    name = next((words.in_(language) for key, words in DAYS.items() if key.startswith(day.lower())), day)
    return name if not place else f"{_PLACES[place].in_(language) if place in _PLACES else place} {name}"
