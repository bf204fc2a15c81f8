"""Warnings: what a document may say, and its writer hardly means."""

from collections.abc import Iterator
from dataclasses import dataclass

from accrual.domain.document.document import Document
from accrual.domain.terms.words import LANGUAGES


@dataclass(frozen=True, slots=True)
class Hint:
    """One warning: where, what, and what to do."""

    part: str
    message: str
    advice: str


def hints(document: Document) -> list[Hint]:
    """Return what the document alone makes suspicious."""
    return [*_promises(document), *_languages(document), *_silence(document)]


def _promises(document: Document) -> Iterator[Hint]:
    if document.notice is None:
        yield Hint("notice", "terms may be made worse from one day to the next", "write notice: 30 days")
    if document.earning and document.expiry is None:
        yield Hint("expiry", "points never expire, so what is owed to members only grows", "write expiry: {after: 12 months, to: end_of_month}")
    volume = any(rule.give.volume for rule in document.earning)  # a rebate follows an invoice
    if document.earning and not volume and not document.cap and not any(rule.cap for rule in document.earning) and document.fraud is None:
        yield Hint("cap", "nothing limits what one member can earn in a day", "write cap: {points: 2000, per: day}")
    if document.spending.transfer is not None and document.returns.spent == "clamp":
        yield Hint("spending.transfer", "whoever hands points on before goods come back owes nothing for them", "write returns: {spent: debt}")


def _languages(document: Document) -> Iterator[Hint]:
    wanted = set(document.name) | set(document.points.name) or set(LANGUAGES)
    for rule in document.earning:
        missing = sorted(wanted - set(rule.name)) if rule.name else []
        if missing:
            yield Hint(f"earning/{rule.id}/name", f"has no name in {', '.join(missing)}", "write one for every language of the programme")


def _silence(document: Document) -> Iterator[Hint]:
    for rule in document.earning:
        if not rule.enabled:
            yield Hint(f"earning/{rule.id}", "is switched off", "remove it, or write enabled: true")
