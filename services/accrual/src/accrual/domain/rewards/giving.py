"""Which of the rewards that are due are really given: as stock, limits and tiers allow, and surprises by a lot that anybody can draw again."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from accrual.domain.accounts import AccountState, CounterKey
from accrual.domain.amounts import in_units, minor_digits
from accrual.domain.decisions import Decision, Operation, Refusal, RewardDue, Step
from accrual.domain.document.document import Document
from accrual.domain.document.rewards import Surprise
from accrual.domain.facts import Fact, Purchase
from accrual.domain.lifetimes import end_of
from accrual.domain.rewards.catalogue import Rewards
from accrual.domain.rewards.surprises import is_lucky, seed_of

_WHOLE = 2**64


class Giving:
    """The last step of a decision in a programme whose rules give rewards. It holds nothing of any account."""

    def __init__(self, rewards: Rewards, document: Document, seeds: Mapping[str, bytes]) -> None:
        """Take the programme's catalogue and document, and the seeds of surprises; one without is drawn by chances that are as good, for trials."""
        self._rewards = rewards
        zone = ZoneInfo(document.zone)
        self._surprises = tuple(
            (part, seeds.get(part.id) or seed_of(b"", document.programme, part.id), None if part.until is None else end_of(part.until, zone))
            for part in document.surprises
        )
        rules = [*document.earning, *(rule for campaign in document.campaigns for rule in campaign.earning)]
        named = [rule.give.reward for rule in rules if rule.give.reward is not None] + [surprise.reward for surprise in document.surprises]
        self._given = tuple(dict.fromkeys(named))

    def __bool__(self) -> bool:
        """Tell whether any rule gives a reward."""
        return bool(self._given)

    def counters(self, fact: Fact) -> tuple[CounterKey, ...]:
        """Return the account's counters that giving may read or change."""
        return self._rewards.counters(self._given, at=fact.occurred_at)

    def shared(self, fact: Fact, named: Sequence[str]) -> tuple[CounterKey, ...]:
        """Return the common counters that giving may read or change, where the event's rules name these rewards: nobody waits for others."""
        lucky = self._lots(fact) if isinstance(fact, Purchase) else ()
        budgets = tuple(surprise_key(surprise.id) for surprise in lucky if surprise.budget is not None)
        wanted = dict.fromkeys((*named, *(surprise.reward for surprise in lucky)))
        return (*self._rewards.shared(wanted, at=fact.occurred_at), *budgets)

    def settled(self, decision: Decision, fact: Fact, state: AccountState) -> Decision:
        """Return the decision with the rewards that are given; the explanation says why others are not."""
        if isinstance(decision, Refusal):
            return decision
        drawn = self._drawn(fact, state) if isinstance(fact, Purchase) else ()
        due = (*decision.effects.rewards, *(RewardDue(surprise.id, surprise.reward) for surprise in drawn))
        if not due:
            return decision
        given = self._rewards.give(due, state, at=fact.occurred_at)
        told = {each.rule for each in given.due}
        lucky = [surprise for surprise in drawn if surprise.id in told]
        steps = tuple(Step(surprise.id, Operation.REWARD, 0, 1, (), None, (_drawn_words, surprise)) for surprise in lucky)
        spent = tuple((key, state.shared.get(key, 0) + 1) for surprise in lucky if surprise.budget is not None for key in [surprise_key(surprise.id)])
        explanation = decision.explanation._replace(steps=(*decision.explanation.steps, *steps), not_given=(*decision.explanation.not_given, *given.not_given))
        return decision._replace(
            explanation=explanation,
            counters=(*decision.counters, *given.counters),
            effects=decision.effects._replace(rewards=given.due, shared=(*decision.effects.shared, *given.shared, *spent)),
        )

    def _drawn(self, purchase: Purchase, state: AccountState) -> tuple[Surprise, ...]:
        """Return the surprises that a purchase brings, as far as their budgets last."""
        return tuple(each for each in self._lots(purchase) if state.shared.get(surprise_key(each.id), 0) < (each.budget or _WHOLE))

    def _lots(self, purchase: Purchase) -> tuple[Surprise, ...]:
        """Return the surprises of which the lot falls on an identified purchase. A cart that is only quoted has no id, and brings none."""
        if not self._surprises or not purchase.identified or not purchase.purchase_id or purchase.in_exchange:
            return ()
        return tuple(
            part
            for part, seed, ends_at in self._surprises
            if (ends_at is None or purchase.occurred_at < ends_at)
            and is_lucky(part.id, part.chance, seed, merchant=purchase.merchant, purchase_id=purchase.purchase_id)
            and _reaches(part, purchase)
        )


def surprise_key(surprise: str) -> CounterKey:
    """Name how many gifts of a surprise were given to all members together."""
    return CounterKey(f"surprise/{surprise}", "grants")


def without(state: AccountState, counted: tuple[tuple[CounterKey, int], ...]) -> tuple[AccountState, tuple[tuple[CounterKey, int], ...]]:
    """Return an account's state with some counters lower by so much, and the new values of those that the state has."""
    less = tuple((key, max(state.counters.get(key, 0) - amount, 0)) for key, amount in counted if state.counters.get(key))
    return (state.after(less, purchases=state.purchases), less) if less else (state, ())


def _reaches(surprise: Surprise, purchase: Purchase) -> bool:
    """Tell whether what is paid for the lines reaches the surprise's minimum; where it is not said for the currency, it does."""
    minimum = surprise.minimum.get(purchase.currency) if isinstance(surprise.minimum, dict) else surprise.minimum
    least = 0 if minimum is None else in_units(minimum, minor_digits(purchase.currency)) or 0
    return sum(line.paid_amount for line in purchase.lines) >= least


def _drawn_words(surprise: Surprise) -> str:
    return f"drawn with a chance of {surprise.chance}: {surprise.reward}"
