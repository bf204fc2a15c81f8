"""What somebody buys often is found among what they kept."""

from datetime import timedelta

from accrual.domain.document.rewards import Offer
from accrual.domain.facts import Purchase
from accrual.domain.rewards.offers import habit

from .builders import FRIDAY_NOON, a_line, a_purchase

OFTEN = Offer.model_validate({"id": "again", "reward": "less", "bought_often": {"times": "3", "within": "90 days"}})


def bought(*skus: str, days_ago: int = 1, back: tuple[str, ...] = ()) -> tuple[Purchase, frozenset[str]]:
    purchase = a_purchase(*(a_line(100, sku) for sku in skus), occurred_at=FRIDAY_NOON - timedelta(days=days_ago))
    return purchase, frozenset(skus) - set(back)


def found(*purchases: tuple[Purchase, frozenset[str]]) -> str | None:
    often = habit(OFTEN, purchases, at=FRIDAY_NOON)
    return None if often is None else often.sku


def test_what_is_bought_often_enough_is_found_and_the_most_often_wins():
    assert found(bought("tea"), bought("tea")) is None
    assert found(bought("tea"), bought("tea"), bought("tea", "cake")) == "tea"
    assert found(*(bought("tea", "cake") for _ in range(3)), bought("cake")) == "cake"


def test_two_lines_of_one_receipt_are_one_purchase():
    assert found(bought("tea", "tea"), bought("tea")) is None


def test_what_came_back_and_what_was_long_ago_is_not_counted():
    assert found(bought("tea"), bought("tea"), bought("tea", back=("tea",))) is None
    assert found(bought("tea"), bought("tea"), bought("tea", days_ago=91)) is None


def test_of_two_bought_as_often_the_later_one_is_offered_and_then_the_first_by_name():
    assert found(*(bought("tea", days_ago=9) for _ in range(3)), *(bought("cake", days_ago=2) for _ in range(3))) == "cake"
    assert found(*(bought("tea", "cake") for _ in range(3))) == "cake"
