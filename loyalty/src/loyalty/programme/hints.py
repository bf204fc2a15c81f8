"""Warnings: what a document may say, and its writer hardly means."""

from collections.abc import Iterator
from dataclasses import dataclass

from accrual.domain.document.catalogue import obtainable
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
    return [*_promises(document), *_languages(document), *_silence(document), *_idle(document)]


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


def _idle(document: Document) -> Iterator[Hint]:
    """Warn of what the document names, and nothing in it uses."""
    given = obtainable(document)
    for reward in document.rewards:
        if reward.id not in given:
            yield Hint(f"rewards/{reward.id}", "nobody gets it", f"write cost: 100, or a rule with give: {{reward: {reward.id}}}")
    asked = {name for rule in document.earning for name in rule.when.coupon or ()}
    asked |= {name for _, discount, _ in document.all_discounts for name in discount.when.coupon or ()}
    asked |= {name for campaign in document.campaigns for rule in campaign.earning for name in rule.when.coupon or ()}
    asked |= {campaign.coupon for campaign in document.campaigns if campaign.coupon is not None}
    for coupon in document.coupons:
        if coupon.id not in asked:
            yield Hint(f"coupons/{coupon.id}", "brings nothing", f"let a rule, a campaign or a discount ask for it: when: {{coupon: {coupon.id}}}")
