"""Which changes are no loss while a transition gives whoever was there the better of both versions, purchase by purchase.

It compares points, and only of what is bought and done. So a change is eased where it touches nothing but how many points a purchase or an action
gives; not where a rule gives a reward or counts from one purchase to the next, and not where it could keep another rule from giving a reward.
"""

from collections.abc import Iterator

from accrual.domain.document.document import Document
from accrual.domain.document.earning import Rule

_DECIDING = ("cap", "campaign_stacking", "points/rounding", "points/basis")


def is_eased(part: str, before: Document, after: Document) -> bool:
    """Tell whether nobody who was there before feels a difference until the new version's transition is over; there is one."""
    section, *rest = part.split("/")
    if section not in ("earning", "campaigns"):
        return any(part == each or part.startswith(f"{each}/") for each in _DECIDING)
    if any(each.discounts and rest[1:2] != ["earning"] for document in (before, after) for each in document.campaigns if each.id == rest[0]):
        return False  # a lower price is no points
    old, new = list(_touched(before, section, rest)), list(_touched(after, section, rest))
    silencing = any(rule.stacking != "add" for rule in new) and any(rule.give.reward is not None for rule in _rules(before))
    return not silencing and all(_gives_points_alone(rule) for rule in [*old, *new])


def _touched(document: Document, section: str, path: list[str]) -> Iterator[Rule]:
    """Yield the rules that a difference is about: one, or all of a campaign."""
    if section == "earning":
        yield from (rule for rule in document.earning if rule.id == path[0])
        return
    for campaign in (each for each in document.campaigns if each.id == path[0]):
        one = path[2] if path[1:2] == ["earning"] else None
        yield from (rule for rule in campaign.earning if one in (None, rule.id))


def _rules(document: Document) -> Iterator[Rule]:
    yield from document.earning
    for campaign in document.campaigns:
        yield from campaign.earning


def _gives_points_alone(rule: Rule) -> bool:
    when, give = rule.when, rule.give
    counts_on = (when.every, when.spent, when.streak, give.volume)
    return rule.on != "registration" and give.reward is None and all(each is None for each in counts_on)
