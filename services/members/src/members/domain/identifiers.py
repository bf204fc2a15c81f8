"""Identifiers as people give them, each with the one normal form that is hashed."""

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What an identifier is."""

    CARD = "card"
    PHONE = "phone"
    EMAIL = "email"
    VISITOR = "visitor"


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier as it was typed, for sending, and in its normal form, for comparing. Neither shows in a log."""

    kind: Kind
    typed: str = field(repr=False)
    normal: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one thing somebody sent: a stable code, and words that repeat nothing they typed."""

    code: str
    message: str
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """What the programme takes for granted when people type: its region, and the first digits of its cards."""

    region: str
    card_prefixes: frozenset[str]
