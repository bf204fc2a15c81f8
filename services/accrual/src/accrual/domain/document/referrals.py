"""Who brings a friend: what both get, and for which purchase of the friend."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from accrual.domain.amounts import MAX_POINTS, in_units
from accrual.domain.document.grammar import Amount, Days, Money
from accrual.domain.document.money import money_findings
from accrual.domain.document.parts import Part
from accrual.domain.document.problems import Finding, Path
from accrual.domain.document.rewards import Limit

if TYPE_CHECKING:
    from accrual.domain.document.document import Document


class Both(Part):
    """Points for each of the two: both get theirs, or neither does."""

    inviter: Amount
    friend: Amount


class Referrals(Part):
    """Points for whoever invites a friend, and for the friend, once the friend's first purchase has stayed bought."""

    give: Both
    minimum: Money | None = None  #: of what was paid for the goods of that purchase that did not come back
    within: Days = "30 days"  #: of joining the purchase is made
    hold: Days = "14 days"  #: after it nothing is given yet, for it may come back; the last day to its end
    cap: Limit | None = None  #: of friends for whom one member is given anything


def referral_findings(document: "Document") -> Iterator[Finding]:
    """Yield why nobody could be given what the document promises for a friend."""
    referrals, decimals, path = document.referrals, document.points.decimals, ("referrals",)
    if referrals is None:
        return
    if "points" not in document.model_fields_set:
        yield Finding((*path, "give"), "gives points, and the document does not say what a point is", "add points: {name: {en: points}, worth: 0.01}")
    for side in ("inviter", "friend"):
        place: Path = (*path, "give", side)
        points = getattr(referrals.give, side)
        units = in_units(points, decimals)
        if units is None:
            yield Finding(place, f"{points} points are finer than {decimals} decimals", "write fewer decimals")
        elif units > MAX_POINTS:
            yield Finding(place, f"{points} points are more than an account can hold", "give less")
    yield from money_findings(referrals.minimum, (*path, "minimum"), document.all_currencies)
