"""Turns parts of a document into sentences: each key by its words, in the order of the vocabulary."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from accrual.domain.document.tiers import Reach
from accrual.domain.terms import recurrences
from accrual.domain.terms.vocabulary import told_keys
from accrual.domain.terms.voice import Voice
from accrual.domain.terms.words import Words

#: What stands between the clauses of a part; a comma where not named.
_BETWEEN = {
    **dict.fromkeys(("Give", "Cap", "Dates", "Paid", "Spent", "Row", "Band", "Limit", "Grants", "Velocity", "Score"), " "),
    **dict.fromkeys(("Rule", "SocialAction", "Contest"), "; "),
    "ContestPrize": ": ",
    "Stair": ": ",
    "Reach": " / ",  # any one of them is enough
}
#: Parts whose clauses are sentences.
_SENTENCES = frozenset({"Referrals", "Points", "Returns", "Spending", "Tiers", "Fraud", "Joining", "Close", "Transition"})


def told(part: BaseModel, voice: Voice) -> str:
    """Say a part: a clause for each key that says something, none for what is empty or goes without saying."""
    clauses, name = [clause for _, clause in clauses_of(part, voice)], type(part).__name__
    return " ".join(map(sentence, clauses)) if name in _SENTENCES else _BETWEEN.get(name, ", ").join(clauses)


def sentence(text: str) -> str:
    """Write a clause as a sentence."""
    text = text.strip()
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith('.') else '.'}" if text else ""


def clauses_of(part: BaseModel, voice: Voice) -> list[tuple[str, str]]:
    """Return the clauses of a part by their keys. Lists of parts with ids have paragraphs of their own, and no clause here."""
    found = [(key, _clause(part, key, value, entry, voice)) for key, value, entry in told_keys(part) if isinstance(entry, Words) and not has_ids(value)]
    return [(key, clause) for key, clause in found if clause]


def has_ids(value: Any) -> bool:
    """Tell whether a value is a list of parts with ids: rules, levels, rewards."""
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], BaseModel) and "id" in type(value[0]).model_fields


def _clause(part: BaseModel, key: str, value: Any, words: Words, voice: Voice) -> str:
    if value is None and words.absent is not None:
        return words.absent.in_(voice.language).format(points=voice.points)
    if value is None or value is False or value in ((), {}):
        return ""
    if not isinstance(value, BaseModel) and not words.always and value == type(part).model_fields[key].default:
        return ""
    if isinstance(value, str) and value in words.instead:
        return words.instead[value].in_(voice.language)
    said = value_of(value, words, voice)
    text = words.one.in_(voice.language) if words.one is not None and value == 1 else words.in_(voice.language, part)
    return text.format_map(dict.fromkeys(("value", *(mark.strip("{}") for mark in _MARKED)), said) | {"points": voice.points}) if said else ""


def value_of(value: Any, words: Words, voice: Voice) -> str:
    """Say a value as its words want it."""
    if isinstance(value, BaseModel):
        return told(value, voice)
    if isinstance(value, Sequence) and not isinstance(value, str):
        texts = [text for each in value if (text := value_of(each, words, voice))]
        return "; ".join(texts) if isinstance(value[0], BaseModel) else voice.listed(texts, together=words.together)
    if isinstance(value, Mapping) and voice.language in value:
        return str(value[voice.language])
    if str(value) in words.values:
        return words.values[str(value)].in_(voice.language).format(points=voice.points)
    return next((say(value, voice) for mark, say in _MARKED.items() if mark in words.en), voice.value(value))


def _reached(value: Any, voice: Voice) -> str:
    """Say a number of whatever the levels count: `1000 RUB spent`."""
    return told(Reach(**dict.fromkeys(voice.measures, value)), voice) if voice.measures else voice.value(value)


_MARKED: dict[str, Callable[[Any, Voice], str]] = {
    "{money}": lambda value, voice: voice.money(value),
    "{named}": lambda value, voice: f"«{voice.names.get(str(value), value)}»",
    "{percent}": lambda value, voice: f"{voice.value(value).removesuffix('%')} %",
    "{repeats}": lambda value, voice: recurrences.said(str(value), voice.language),
    "{times}": lambda value, voice: voice.times(int(value)),
    "{reach}": _reached,
}
