"""All words, by model and key: `Cap.per`. A key of a document without an entry fails a test: somebody added it without saying it to members."""

from typing import Any

from pydantic import BaseModel

from accrual.domain.terms.vocabulary.basics import BASICS
from accrual.domain.terms.vocabulary.campaigns import CAMPAIGNS
from accrual.domain.terms.vocabulary.contests import CONTESTS
from accrual.domain.terms.vocabulary.discounts import DISCOUNTS
from accrual.domain.terms.vocabulary.earning import EARNING
from accrual.domain.terms.vocabulary.referrals import REFERRALS
from accrual.domain.terms.vocabulary.rewards import REWARDS
from accrual.domain.terms.vocabulary.standing import STANDING
from accrual.domain.terms.words import Entry, Vocabulary

VOCABULARY: Vocabulary = {**BASICS, **EARNING, **CAMPAIGNS, **DISCOUNTS, **REWARDS, **REFERRALS, **CONTESTS, **STANDING}


def entry_of(model: type[BaseModel], key: str) -> Entry | None:
    """Return the words of a key; those of the model that brought it, where a model builds on another."""
    places = (f"{each.__name__}.{key}" for each in model.__mro__)
    return next((VOCABULARY[place] for place in places if place in VOCABULARY), None)


def told_keys(part: BaseModel) -> list[tuple[str, Any, Entry]]:
    """Return a part's keys with their values and words, in the order in which the vocabulary says them."""
    model = type(part)
    found = [(key, getattr(part, key), entry) for key in model.model_fields if (entry := entry_of(model, key)) is not None]
    return sorted(found, key=lambda each: _ORDER[id(each[2])])


_ORDER = {id(entry): place for place, entry in enumerate(VOCABULARY.values())}
