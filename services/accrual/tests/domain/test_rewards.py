"""The catalogue of rewards: what a document may say, and who may have what."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from accrual.domain.accounts import AccountState, CounterKey, Profile
from accrual.domain.decisions import RewardDue
from accrual.domain.document.problems import DocumentError
from accrual.domain.rewards.catalogue import Issue
from accrual.domain.rewards.entitlements import Way

from .builders import FRIDAY_NOON, a_document, read
from .rewards import BASE, a_catalogue

NOBODY = AccountState()
STOCK, MINE = CounterKey("reward/free-drink", "stock"), CounterKey("reward/free-drink", "times/month:2026-11")


@pytest.mark.parametrize(
    ("rewards", "problem"),
    [
        ("[{id: a}]", "needs either a kind or a choice"),
        ("[{id: a, kind: gift, choice: [b]}]", "needs either a kind or a choice"),
        ("[{id: a, kind: presnt}]", "unknown value `presnt`"),
        ("[{id: a, kind: discount}]", "says neither how much, or says it twice"),
        ("[{id: a, kind: discount, percent: 10, amount: 5.00}]", "says neither how much, or says it twice"),
        ("[{id: a, kind: discount, percent: 101}]", "more than 100 percent"),
        ("[{id: a, kind: cashback}]", "cashback is an amount of money"),
        ("[{id: a, kind: gift, amount: 5.00}]", "a gift has neither percent nor amount"),
        ("[{id: a, kind: gift, price: 5.00}]", "a price beside no points"),
        ("[{id: a, kind: gift, on: {sku: x}}]", "`on` belongs to a discount"),
        ("[{id: a, kind: gift, default: b, within: 3 days}]", "default and within belong to a choice"),
        ("[{id: a, kind: gift}, {id: c, choice: [a], cost: 5}]", "a choice has nothing of its own"),
        ("[{id: a, kind: gift}, {id: c, choice: [a], default: a}]", "default and within belong together"),
        ("[{id: a, kind: gift}, {id: c, choice: [a], default: b, within: 3 days}]", "b is not in the choice"),
        ("[{id: a, kind: gift}, {id: c, choice: [a, b]}]", "`b` is not a reward of the programme"),
        ("[{id: a, kind: gift}, {id: c, choice: [a]}, {id: d, choice: [c]}]", "`c` is a choice itself"),
        ("[{id: a, kind: gift}, {id: a, kind: sample}]", "another one is called `a` too"),
        ("[{id: a, kind: gift, cost: 0.5}]", "finer than 0 decimals"),
        ("[{id: a, kind: cashback, amount: 0.001}]", "finer than the smallest coin of EUR"),
        ("[{id: a, kind: gift, stock: 2, per_member: {times: 3}}]", "there are only 2"),
        ("[{id: a, kind: gift, stock: 0}]", "too small"),
    ],
)  # fmt: skip
def test_a_catalogue_that_contradicts_itself_is_refused(rewards: str, problem: str):
    with pytest.raises(DocumentError) as refused:
        read(a_document(BASE) + f"rewards: {rewards}\n")
    assert problem in " ".join(found.message for found in refused.value.problems)


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ("surprises: {id: s, reward: nothing, chance: 5%}", "`nothing` is not a reward"),
        ("surprises: {id: s, reward: a, chance: 0%}", "never happens"),
        ("surprises: {id: s, reward: a, chance: 100%}", "is not written as it should be"),
        ("raffles: {id: r, ticket: a, closes: 2026-12-01, beacon: {source: x, at: 2026-12-02}, prizes: [{reward: a}]}", "`a` is no ticket"),
        ("raffles: {id: r, ticket: t, closes: 2026-12-02, beacon: {source: x, at: 2026-12-02}, prizes: [{reward: a}]}", "is known before"),
        ("raffles: {id: r, ticket: t, closes: 2026-12-02, prizes: [{reward: a}]}", "the key is missing"),
        ("offers: {id: o, reward: a, bought_often: {times: 3, within: 90 days}}", "`a` is no discount"),
        ("privileges: [{id: p, tier: [gold], uses: 4, per: month}]", "`gold` is no level of the programme"),
        ("privileges: [{id: p, tier: [gold], uses: 4, per: ever}]", "unknown value `ever`"),
    ],
)
def test_what_draws_on_the_catalogue_must_find_it_there(section: str, problem: str):
    with pytest.raises(DocumentError) as refused:
        read(a_document(BASE) + "rewards: [{id: a, kind: gift}]\n" + section + "\n")
    assert problem in " ".join(found.message for found in refused.value.problems)


def test_a_reward_that_costs_more_than_there_is_misses_the_rest():  # T-58
    drink = a_catalogue().get("free-drink")
    assert (drink.cost, a_catalogue().short(drink, available=50), a_catalogue().short(drink, available=250)) == (250, 200, 0)


def test_stock_limit_and_tier_are_asked():
    catalogue = a_catalogue()
    drink, lounge = catalogue.get("free-drink"), catalogue.get("lounge-day")
    assert catalogue.denied(drink, NOBODY, at=FRIDAY_NOON) is None
    assert catalogue.denied(drink, AccountState(shared={STOCK: 3}), at=FRIDAY_NOON).reason == "out-of-stock"
    assert catalogue.denied(drink, AccountState(counters={MINE: 2}), at=FRIDAY_NOON).reason == "limit-reached"
    assert catalogue.denied(drink, AccountState(counters={MINE: 2}), at=FRIDAY_NOON + timedelta(days=11)) is None
    assert catalogue.denied(lounge, NOBODY, at=FRIDAY_NOON).reason == "tier-needed"
    assert catalogue.denied(lounge, AccountState(profile=Profile(tier="gold")), at=FRIDAY_NOON) is None


def test_what_one_takes_is_not_there_for_the_next():
    given = a_catalogue().give([RewardDue("tenth", "free-drink", 5), RewardDue("cake", "free-cake"), RewardDue("more", "free-cake")], NOBODY, at=FRIDAY_NOON)
    assert given.due == (RewardDue("tenth", "free-drink", 2), RewardDue("cake", "free-cake", 1))
    assert [(silent.rule, silent.reason) for silent in given.not_given] == [("tenth", "limit-reached"), ("more", "out-of-stock")]
    assert dict(given.counters) == {MINE: 2}
    assert dict(given.shared) == {STOCK: 2, CounterKey("reward/free-cake", "stock"): 1}


def test_only_counters_that_something_limits_are_asked_for():
    catalogue = a_catalogue()
    assert catalogue.counters(["free-drink", "free-cake", "ticket"], at=FRIDAY_NOON) == (MINE,)
    assert catalogue.shared(["free-drink", "lounge-day"], at=FRIDAY_NOON) == (STOCK,)


def test_a_choice_offers_its_default_first():
    catalogue = a_catalogue()
    assert [option.id for option in catalogue.options(catalogue.get("thanks"))] == ["free-drink", "free-cake"]


def test_a_privilege_has_its_uses_until_its_period_ends():
    catalogue = a_catalogue()
    opened = catalogue.opened(catalogue.privileges["sauna"], Issue(UUID(int=1), UUID(int=2), Way.PRIVILEGE, "sauna", FRIDAY_NOON))
    assert (opened.uses, opened.expires_at, opened.kind) == (4, datetime(2026, 12, 1, tzinfo=UTC), "privilege")
    assert catalogue.period(catalogue.privileges["sauna"], at=FRIDAY_NOON) == "month:2026-11"
