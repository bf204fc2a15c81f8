"""The rewards of one programme version: what they cost, who may have them, how many are left, and for how long they are valid."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.amounts import in_units, minor_digits
from accrual.domain.decisions import NotGiven, RewardDue
from accrual.domain.document import rewards as parts
from accrual.domain.document.document import Document
from accrual.domain.document.earning import Goods
from accrual.domain.document.lives import Expiry
from accrual.domain.lifetimes import days_in, expiry_of, moment_of, start_of
from accrual.domain.rewards.entitlements import Denied, Entitlement, State, Way, code_of
from accrual.domain.rewards.periods import next_period, period_of
from accrual.domain.rewards.raffles import closing_key

Counted = tuple[tuple[CounterKey, int], ...]

_RAFFLE_CLOSED = Denied("raffle-closed", "the tickets of its raffle are closed")


class Reward(NamedTuple):
    """One reward as it is given. Points are in the smallest unit, money in minor units by currency."""

    id: str
    kind: str
    names: Mapping[str, str]
    cost: int | None
    price: Mapping[str, int]
    stock: int | None
    limit: parts.Limit | None
    tiers: frozenset[str]
    valid: str | None
    uses: int
    percent: Decimal | None
    amount: Mapping[str, int]
    goods: Goods | None
    kept: bool  #: a return of its purchase does not take it back
    choice: tuple[str, ...] = ()
    default: str | None = None
    within_days: int = 0

    @property
    def stock_key(self) -> CounterKey:
        """Return the counter, of all accounts together, of how many were given."""
        return CounterKey(f"reward/{self.id}", "stock")

    def limit_key(self, day: date) -> CounterKey | None:
        """Return the account's counter of how many were given in the period of a day; None where nothing limits it."""
        return None if self.limit is None else CounterKey(f"reward/{self.id}", f"times/{self.limit.per}{period_of(self.limit.per, day)}")


class Given(NamedTuple):
    """Rewards that are really given of those that are due, what was counted for them (new values), and why others are not."""

    due: tuple[RewardDue, ...]
    counters: tuple[tuple[CounterKey, int], ...]
    shared: tuple[tuple[CounterKey, int], ...]
    not_given: tuple[NotGiven, ...]


class Issue(NamedTuple):
    """To whom an entitlement is given, in which way, and for what."""

    id: UUID
    account_id: UUID
    way: Way
    rule: str
    at: datetime
    cause: bytes | None = None
    cost: int = 0
    goods: str | None = None


class Rewards:
    """The catalogue of a programme version. Immutable."""

    def __init__(self, document: Document) -> None:
        """Take a document that was checked."""
        self.programme, self.version = document.programme, document.version
        self.zone = ZoneInfo(document.zone)
        self._rewards = {part.id: _reward(part, document) for part in document.rewards}
        self.privileges = {part.id: part for part in document.privileges}
        self.surprises = document.surprises
        self.raffles = {part.id: part for part in document.raffles}
        self.offers = document.offers
        self._closings = [(part.ticket, closing_key(part.id), moment_of(part.closes, self.zone)) for part in document.raffles]
        self._tickets = frozenset(name for name, _, _ in self._closings)

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self._rewards or self.privileges)

    def get(self, reward: str) -> Reward | None:
        """Return a reward by its id."""
        return self._rewards.get(reward)

    def all(self) -> Iterable[Reward]:
        """Return all rewards, as written."""
        return self._rewards.values()

    def denied(self, reward: Reward, state: AccountState, *, at: datetime, quantity: int = 1) -> Denied | None:
        """Return why an account may not have a reward at a moment, or None. Its cost is not asked about."""
        if reward.tiers and state.profile.tier not in reward.tiers:
            return Denied("tier-needed", f"only for {', '.join(sorted(reward.tiers))}")
        if reward.stock is not None and state.shared.get(reward.stock_key, 0) + quantity > reward.stock:
            return Denied("out-of-stock", f"all {reward.stock} have been given")
        closings = self.closings(reward.id, at=at)
        if closings and all(state.shared.get(key, 0) > 0 for key in closings):
            return _RAFFLE_CLOSED
        key = reward.limit_key(self._day(at))
        if key is not None and reward.limit is not None and state.counters.get(key, 0) + quantity > reward.limit.times:
            period = "in all" if reward.limit.per == "ever" else f"per {reward.limit.per}"
            return Denied("limit-reached", f"at most {reward.limit.times} times {period}")
        return None

    def not_for_sale(self, reward: Reward, state: AccountState, *, at: datetime) -> Denied | None:
        """Return why an account may not buy a reward at a moment, or None: as `denied`, and no ticket is sold once all its raffles are over."""
        over = reward.id in self._tickets and not self.closings(reward.id, at=at)
        return self.denied(reward, state, at=at) or (_RAFFLE_CLOSED if over else None)

    def short(self, reward: Reward, *, available: int) -> int:
        """Return how many points are missing to get a reward; 0 where they suffice or it is not for sale."""
        return max((reward.cost or 0) - available, 0)

    def counters(self, rewards: Iterable[str], *, at: datetime) -> tuple[CounterKey, ...]:
        """Return the account's counters that giving one of these may read or change."""
        day = self._day(at)
        keys = (reward.limit_key(day) for reward in self._meant(rewards) if reward.limit is not None)
        return tuple(key for key in keys if key is not None)

    def shared(self, rewards: Iterable[str], *, at: datetime) -> tuple[CounterKey, ...]:
        """Return the common counters that giving one of these at a moment may read or change."""
        meant = self._meant(rewards)
        closings = (key for reward in meant for key in self.closings(reward.id, at=at)) if self._closings else ()
        return (*(reward.stock_key for reward in meant if reward.stock is not None), *closings)

    def closings(self, ticket: str, *, at: datetime) -> tuple[CounterKey, ...]:
        """Return the counters that tell whether those raffles are closed in which a ticket of a moment may take part; none, once all are over."""
        return tuple(key for name, key, closes in self._closings if name == ticket and at < closes)

    def give(self, due: Sequence[RewardDue], state: AccountState, *, at: datetime) -> Given:
        """Give what is due one by one, as far as stock, limits and tier allow: what the first takes is not there for the next."""
        given, refused = list[RewardDue](), list[NotGiven]()
        counters, shared = dict[CounterKey, int](), dict[CounterKey, int]()
        for each in due:
            reward, quantity = self._rewards[each.reward], 0
            denied: Denied | None = None
            while quantity < each.quantity and (denied := self.denied(reward, state, at=at)) is None:
                quantity += 1
                own, common = self.taken(reward, state, at=at)
                counters |= dict(own)
                shared |= dict(common)
                state = state.after(own, purchases=state.purchases, shared=(*common, *self._let_in(reward, state, at=at)))
            if quantity:
                given.append(each._replace(quantity=quantity))
            if denied is not None:
                refused.append(NotGiven(each.rule, denied.reason, f"{each.reward}: {denied.text}"))
        return Given(tuple(given), tuple(counters.items()), tuple(shared.items()), tuple(refused))

    def taken(self, reward: Reward, state: AccountState, *, at: datetime) -> tuple[Counted, Counted]:
        """Return the counters that one more makes one higher, with their new values: the account's, and those of all accounts together."""
        key = reward.limit_key(self._day(at))
        own = () if key is None else ((key, state.counters.get(key, 0) + 1),)
        return own, () if reward.stock is None else ((reward.stock_key, state.shared.get(reward.stock_key, 0) + 1),)

    def had(self, tickets: Mapping[str, int], state: AccountState, *, at: datetime) -> AccountState:
        """Return a state in which a purchase of a moment may be given, of raffles that are closed, as many tickets as it had, and no more."""
        had = {key: -number for ticket, number in tickets.items() for key in self.closings(ticket, at=at) if state.shared.get(key, 0) > 0}
        return state.after((), purchases=state.purchases, shared=had.items()) if had else state

    def _let_in(self, reward: Reward, state: AccountState, *, at: datetime) -> Counted:
        """Return the same once one more was given: where none is left that it had, the raffle is closed to it too."""
        values = ((key, state.shared.get(key, 0)) for key in self.closings(reward.id, at=at))
        return tuple((key, value + 1 or 1) for key, value in values if value < 0)

    def counted_under(self, entitlement: Entitlement) -> CounterKey | None:
        """Return the account's counter that an entitlement was counted under when it was given, if any."""
        reward = self._rewards.get(entitlement.reward)
        return None if reward is None else reward.limit_key(self._day(entitlement.chosen_at or entitlement.issued_at))

    def keeps(self, entitlement: Entitlement) -> bool:
        """Tell whether a return of its purchase leaves an entitlement alone."""
        reward = self._rewards.get(entitlement.reward)
        return reward is not None and reward.kept

    def issue(self, reward: Reward, issue: Issue) -> Entitlement:
        """Return the entitlement that somebody is given."""
        day = self._day(issue.at)
        choose_by = start_of(day + timedelta(days=reward.within_days + 1), self.zone) if reward.default is not None else None
        return Entitlement(
            id=issue.id,
            account_id=issue.account_id,
            programme=self.programme,
            programme_version=self.version,
            reward=reward.id,
            kind=reward.kind,
            way=issue.way,
            rule=issue.rule,
            cause=issue.cause,
            code=code_of(issue.id),
            uses=reward.uses,
            issued_at=issue.at,
            expires_at=None if reward.valid is None else expiry_of(Expiry(after=reward.valid), day, self.zone),
            state=State.OPEN if reward.choice else State.ISSUED,
            choose_by=choose_by,
            cost=issue.cost,
            goods=issue.goods,
        )

    def options(self, reward: Reward) -> tuple[Reward, ...]:
        """Return what may be chosen, the default first."""
        ordered = sorted(reward.choice, key=lambda option: option != reward.default)
        return tuple(self._rewards[option] for option in ordered)

    def privileged(self, privilege: parts.Privilege, state: AccountState) -> Denied | None:
        """Return why an account has not got a privilege, or None."""
        if state.profile.tier in privilege.tier:
            return None
        return Denied("tier-needed", f"only for {', '.join(privilege.tier)}")

    def opened(self, privilege: parts.Privilege, issue: Issue) -> Entitlement:
        """Return the entitlement that a privilege is in the period of a day: as many uses as it says, until the period ends."""
        return Entitlement(
            id=issue.id,
            account_id=issue.account_id,
            programme=self.programme,
            programme_version=self.version,
            reward=privilege.id,
            kind="privilege",
            way=Way.PRIVILEGE,
            rule=privilege.id,
            cause=None,
            code=code_of(issue.id),
            uses=privilege.uses,
            issued_at=issue.at,
            expires_at=self.ends(privilege, at=issue.at),
        )

    def period(self, privilege: parts.Privilege, *, at: datetime) -> str:
        """Return the name of the privilege's period at a moment."""
        return f"{privilege.per}{period_of(privilege.per, self._day(at))}"

    def ends(self, privilege: parts.Privilege, *, at: datetime) -> datetime:
        """Return the first moment after the privilege's period."""
        return start_of(next_period(privilege.per, self._day(at)), self.zone)

    def _meant(self, rewards: Iterable[str]) -> list[Reward]:
        return [reward for each in rewards if (reward := self._rewards.get(each)) is not None]

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()


def _reward(part: parts.Reward, document: Document) -> Reward:
    cost = None if part.cost is None else in_units(part.cost, document.points.decimals)
    return Reward(
        id=part.id,
        kind=part.kind or "choice",
        names=part.name,
        cost=cost,
        price=_money(part.price, document),
        stock=part.stock,
        limit=part.per_member,
        tiers=frozenset(part.tier or ()),
        valid=part.valid,
        uses=part.uses,
        percent=part.percent,
        amount=_money(part.amount, document),
        goods=part.on,
        kept=part.returns == "keep",
        choice=part.choice or (),
        default=part.default,
        within_days=0 if part.within is None else days_in(part.within),
    )


def _money(money: Decimal | dict[str, Decimal] | None, document: Document) -> dict[str, int]:
    if money is None:
        return {}
    amounts = dict.fromkeys(document.all_currencies, money) if isinstance(money, Decimal) else money
    return {currency: in_units(amount, minor_digits(currency)) or 0 for currency, amount in amounts.items()}
