"""Prices a cart: asks each discount, lets them stack as they say, and tells what came off which line."""

from collections.abc import Sequence
from typing import NamedTuple

from accrual.domain.facts import Purchase
from accrual.domain.pricing.baskets import Basket, undiscounted
from accrual.domain.pricing.cutting import NOTHING, Cut, cut
from accrual.domain.pricing.discounts import CompiledDiscount, Gift, NotTaken, Priced, Taken
from accrual.domain.pricing.occasions import DiscountSet, Visit, unmet

_PIECE = 1000
_WORDS = {"exclusive-rule": "`{}` applies alone", "not-the-best": "`{}` takes more off"}


class _Offer(NamedTuple):
    """A discount whose conditions are met, with the lines it is about and what it would take off by itself."""

    discount: CompiledDiscount
    places: Sequence[int]
    alone: Cut
    gift: int  #: pieces handed over on top


def price(discounts: DiscountSet, purchase: Purchase, visit: Visit) -> Priced:
    """Return the cart after all discounts. The lines' prices are what they cost before any discount of the programme."""
    masks, (met, silent) = discounts.met(purchase, visit.local)
    if not met:
        return Priced(undiscounted(purchase.lines), not_taken=silent)
    opened, not_taken = list[tuple[CompiledDiscount, list[int]]](), list(silent)
    for bit, discount in met:
        places = [place for place, mask in enumerate(masks) if mask & bit]
        refusal = unmet(discount, places, purchase, visit)
        if refusal is None:
            opened.append((discount, places))
        else:
            not_taken.append(refusal)
    if not opened:
        return Priced(undiscounted(purchase.lines), not_taken=tuple(not_taken))
    return _priced(Basket(purchase.lines), opened, not_taken)


def _priced(basket: Basket, opened: Sequence[tuple[CompiledDiscount, Sequence[int]]], not_taken: list[NotTaken]) -> Priced:
    """Return the cart after the discounts whose conditions are met, each with the lines that it is about."""
    offers: list[_Offer] = []
    for discount, places in opened:
        offer = _offer(discount, basket, places)
        if offer is None:
            not_taken.append(discount.refusals[_nothing(discount, basket, places)])
        else:
            offers.append(offer)
    taken: list[Taken] = []
    for offer in _stacked(offers, not_taken):
        _apply(offer, basket, taken, not_taken)
    silenced = {refusal.discount for refusal in not_taken}
    gifts = [
        Gift(discount.id, discount.names, discount.gift[0], gift) for discount, _, _, gift in offers if discount.gift and gift and discount.id not in silenced
    ]
    return Priced(basket.priced(), tuple(taken), tuple(gifts), tuple(not_taken))


def _offer(discount: CompiledDiscount, basket: Basket, places: Sequence[int]) -> _Offer | None:
    """Say what a discount would give on the prices at the beginning; None where that is nothing."""
    if discount.gift is not None:
        _, pieces, every = discount.gift
        given = pieces * (_whole(basket, places) // every) if every else pieces
        return _Offer(discount, places, NOTHING, given)
    alone = cut(discount, basket, places)
    return _Offer(discount, places, alone, 0) if alone.total else None


def _nothing(discount: CompiledDiscount, basket: Basket, places: Sequence[int]) -> str:
    """Say why a discount whose conditions are met gives nothing all the same."""
    first = discount.stairs[0].first if discount.stairs else 0
    return "below-minimum" if sum(basket.bases(places, discount.tax)) < first else "nothing-left"


def _stacked(offers: Sequence[_Offer], not_taken: list[NotTaken]) -> list[_Offer]:
    """Return the discounts that apply: all; an exclusive one alone; of a best-of group the one that takes most off by itself."""
    alone = next((offer for offer in offers if offer.discount.exclusive), None)
    if alone is not None:
        not_taken += [_silenced(offer, "exclusive-rule", alone) for offer in offers if offer is not alone]
        return [alone]
    kept = list(offers)
    for group in dict.fromkeys(offer.discount.group for offer in offers if offer.discount.group is not None):
        members = [offer for offer in offers if offer.discount.group == group]
        best = max(members, key=lambda offer: offer.alone.total)  # on a tie the first
        not_taken += [_silenced(offer, "not-the-best", best) for offer in members if offer is not best]
        kept = [offer for offer in kept if offer.discount.group != group or offer is best]
    return kept


def _apply(offer: _Offer, basket: Basket, taken: list[Taken], not_taken: list[NotTaken]) -> None:
    """Take a discount off what the ones before it left."""
    discount = offer.discount
    if discount.gift is not None:
        return
    found = cut(discount, basket, offer.places) if taken else offer.alone
    lines = basket.lines
    off = [(lines[place].line_id, basket.take(place, part, discount.tax)) for place, part in zip(offer.places, found.parts, strict=True) if part]
    if off:
        taken.append(Taken(discount.id, discount.names, sum([part for _, part in off]), tuple(sorted(off)), found.say))
    else:
        not_taken.append(discount.refusals["nothing-left"])


def _silenced(offer: _Offer, reason: str, winner: _Offer) -> NotTaken:
    return NotTaken(offer.discount.id, reason, _WORDS[reason].format(winner.discount.id))


def _whole(basket: Basket, places: Sequence[int]) -> int:
    """Count the whole pieces on some lines."""
    return sum(basket.lines[place].quantity // _PIECE for place in places)
