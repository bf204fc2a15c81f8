"""What is wrong with rewards, privileges, surprises, raffles and offers as parts of their programme."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from zoneinfo import ZoneInfo

from accrual.domain.amounts import in_units
from accrual.domain.document.document import Document
from accrual.domain.document.money import money_findings
from accrual.domain.document.problems import Finding, Path
from accrual.domain.document.rewards import Reward
from accrual.domain.lifetimes import moment_of


def reward_findings(document: Document) -> Iterator[Finding]:
    """Yield what is wrong with the catalogue and with what draws on it."""
    known = {reward.id: reward for reward in document.rewards}
    for section in ("rewards", "privileges", "surprises", "raffles", "offers"):
        yield from _twice(section, [part.id for part in getattr(document, section)])
    for number, reward in enumerate(document.rewards):
        yield from _reward_findings(reward, ("rewards", number), document, known)
        yield from _unknown_levels(reward.tier, ("rewards", number, "tier"), document)
    for number, privilege in enumerate(document.privileges):
        yield from _unknown_levels(privilege.tier, ("privileges", number, "tier"), document)
    for number, surprise in enumerate(document.surprises):
        path: Path = ("surprises", number)
        yield from _unknown((surprise.reward,), (*path, "reward"), known)
        yield from money_findings(surprise.minimum, (*path, "minimum"), document.all_currencies)
        if not Decimal(surprise.chance.rstrip("%")):
            yield Finding((*path, "chance"), "never happens", "write a chance above 0 %, or remove the surprise")
    yield from _raffle_findings(document, known)
    for number, offer in enumerate(document.offers):
        yield from _of_kind(offer.reward, "discount", ("offers", number, "reward"), known)


def _raffle_findings(document: Document, known: dict[str, Reward]) -> Iterator[Finding]:
    given, zone = obtainable(document), ZoneInfo(document.zone)
    for number, raffle in enumerate(document.raffles):
        path: Path = ("raffles", number)
        yield from _of_kind(raffle.ticket, "ticket", (*path, "ticket"), known)
        if moment_of(raffle.beacon.at, zone) <= moment_of(raffle.closes, zone):
            yield Finding((*path, "beacon", "at"), "is known before the tickets are closed", f"choose a moment after {raffle.closes}")
        if raffle.ticket in known and raffle.ticket not in given:
            advice = f"add a rule, as {{id: {raffle.ticket}s, give: {{reward: {raffle.ticket}, per: 50.00}}}}, or let it cost points"
            yield Finding((*path, "ticket"), f"nobody gets `{raffle.ticket}`", advice)
        for place, prize in enumerate(raffle.prizes):
            where: Path = (*path, "prizes", place, "reward")
            yield from _unknown((prize.reward,), where, known)
            if prize.reward in known and (stock := known[prize.reward].stock) is not None and stock < prize.count:
                yield Finding(where, f"there are {stock}, and {prize.count} are promised", "raise the stock, or promise fewer")


def obtainable(document: Document) -> frozenset[str]:
    """Return the rewards that somebody can get: for points, by a rule, as a prize, a surprise or one of several."""
    rules = [*document.earning, *(rule for campaign in document.campaigns for rule in campaign.earning)]
    found = {reward.id for reward in document.rewards if reward.cost is not None} | {rule.give.reward for rule in rules if rule.give.reward is not None}
    found |= {option for reward in document.rewards for option in reward.choice or ()} | {surprise.reward for surprise in document.surprises}
    found |= {prize.reward for raffle in document.raffles for prize in raffle.prizes} | {offer.reward for offer in document.offers}
    return frozenset(found | {prize.reward for contest in document.contests for prize in contest.prizes if prize.reward is not None})


def _reward_findings(reward: Reward, path: Path, document: Document, known: dict[str, Reward]) -> Iterator[Finding]:
    yield from money_findings(reward.price, (*path, "price"), document.all_currencies)
    yield from money_findings(reward.amount, (*path, "amount"), document.all_currencies)
    if reward.cost is not None:
        if "points" not in document.model_fields_set:
            yield Finding((*path, "cost"), "costs points, and the document does not say what a point is", "add points: {name: {en: points}, worth: 0.01}")
        elif in_units(reward.cost, document.points.decimals) is None:
            decimals = document.points.decimals
            yield Finding((*path, "cost"), f"{reward.cost} points are finer than {decimals} decimals", "write fewer decimals, or raise points.decimals")
    if reward.stock is not None and reward.per_member is not None and reward.per_member.per == "ever" and reward.per_member.times > reward.stock:
        yield Finding((*path, "per_member"), f"a member may have {reward.per_member.times}, and there are only {reward.stock}", "lower it, or raise the stock")
    yield from _unknown(reward.choice or (), (*path, "choice"), known)
    for option in reward.choice or ():
        if option in known and known[option].choice is not None:
            yield Finding((*path, "choice"), f"`{option}` is a choice itself", "name the rewards that it is between")


def _twice(section: str, ids: list[str]) -> Iterator[Finding]:
    for place, name in enumerate(ids):
        if name in ids[:place]:
            yield Finding((section, place, "id"), f"another one is called `{name}` too", "give each an id of its own")


def _unknown(named: Iterable[str], path: Path, known: dict[str, Reward]) -> Iterator[Finding]:
    for name in named:
        if name not in known:
            yield Finding(path, f"`{name}` is not a reward of the programme", f"known here: {', '.join(known)}" if known else "add it to `rewards`")


def _unknown_levels(tiers: tuple[str, ...] | None, path: Path, document: Document) -> Iterator[Finding]:
    levels = [] if document.tiers is None else [level.id for level in document.tiers.levels]
    for tier in tiers or ():
        if tier not in levels:
            yield Finding(path, f"`{tier}` is no level of the programme", f"known here: {', '.join(levels)}" if levels else "add it to `tiers`")


def _of_kind(name: str, kind: str, path: Path, known: dict[str, Reward]) -> Iterator[Finding]:
    yield from _unknown((name,), path, known)
    if name in known and known[name].kind != kind:
        yield Finding(path, f"`{name}` is no {kind}", f"name a reward of kind {kind}")
