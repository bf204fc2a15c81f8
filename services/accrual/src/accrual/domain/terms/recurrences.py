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
    "1": Said("the first", "в первый первую первое"),
    "2": Said("the second", "во второй вторую второе"),
    "3": Said("the third", "в третий третью третье"),
    "4": Said("the fourth", "в четвёртый четвёртую четвёртое"),
    "-1": Said("the last", "в последний последнюю последнее"),
}
#: As a Russian says on which day, with the gender: 1 masculine, 2 feminine, 3 neuter, the place of the word above.
_ON = {
    "MO": ("понедельник", 1),
    "TU": ("вторник", 1),
    "WE": ("среду", 2),
    "TH": ("четверг", 1),
    "FR": ("пятницу", 2),
    "SA": ("субботу", 2),
    "SU": ("воскресенье", 3),
}


def said(rule: str, language: Language) -> str:
    """Say a recurrence. A part without words of its own stands as it is written."""
    parts = dict(part.split("=", 1) for part in rule.removeprefix("RRULE:").split(";") if "=" in part)
    frequency = parts.pop("FREQ", "")
    words = [_FREQUENCIES[frequency].in_(language) if frequency in _FREQUENCIES else frequency]
    for name, value in parts.items():
        texts = [_day(each, language) for each in value.split(",")] if name == "BYDAY" else value.split(",")
        template = _PARTS[name].in_(language) if name in _PARTS else f"{name} {{value}}"
        if name == "BYDAY" and language == "ru" and any(_place(each) in _PLACES for each in value.split(",")):
            template = "{value}"
        words.append(template.format(value=", ".join(texts)))
    return ", ".join(filter(None, words)) or rule


def _day(text: str, language: Language) -> str:
    place, day = _place(text), text[-2:]
    name = next((words.in_(language) for key, words in DAYS.items() if key.startswith(day.lower())), day)
    if language == "ru" and place in _PLACES:
        name, gender = _ON[day]
        forms = _PLACES[place].ru.split()
        return f"{forms[0]} {forms[gender]} {name}"
    return name if not place else f"{_PLACES[place].en if place in _PLACES else place} {name}"


def _place(text: str) -> str:
    return text[:-2].removeprefix("+")
