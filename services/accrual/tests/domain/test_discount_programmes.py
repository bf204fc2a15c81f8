"""The documented programmes with discounts, on carts that people there would fill."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from accrual.domain.accounts import AccountState, Profile
from accrual.domain.compiler import compile_document
from accrual.domain.document.reading import read
from accrual.domain.facts import Line, Purchase
from accrual.domain.pricing.discounts import Priced
from accrual.domain.programme import Programme

from .builders import PROGRAMMES, a_line, a_purchase, decided
from .carts import named, pieces

MOSCOW = ZoneInfo("Europe/Moscow")
FRIDAY = datetime(2026, 11, 27, 3, tzinfo=MOSCOW)


def the(name: str) -> Programme:
    return compile_document(read((PROGRAMMES / f"{name}.yaml").read_text()))


def receipt(programme: Programme, *lines: Line | int, at: datetime = FRIDAY, coupons: tuple[str, ...] = ()) -> Purchase:
    (merchant,) = programme.terms.merchants
    return a_purchase(*lines, merchant=merchant, currency="RUB", zone="Europe/Moscow", occurred_at=at, coupons=coupons)


def priced(programme: Programme, *lines: Line | int, tier: str | None = None, at: datetime = FRIDAY, coupons: tuple[str, ...] = ()) -> Priced:
    state, purchase = AccountState(profile=Profile(member=True, tier=tier)), receipt(programme, *lines, at=at, coupons=coupons)
    usable = programme.coupons.usable(purchase, at.date(), state)
    return programme.prices.price(purchase, state, known=True, coupons=usable)


@pytest.mark.parametrize(("tier", "off"), [("start", {}), ("bronze", {"bronze-3": 36_00}), ("silver", {"silver-5": 60_00}), ("gold", {"gold-10": 120_00})])
def test_hardware_discount_grows_with_the_level(tier: str, off: dict[str, int]):
    shop = the("hardware-discount")
    assert named(priced(shop, a_line(1200_00, "hammer"), a_line(500_00, "voucher", category="gift-card"), tier=tier)) == off
    assert decided(shop, receipt(shop, 1200_00)).explanation.points == 0


def test_hardware_discount_of_paint_timber_and_the_card_follow_one_another():
    paint, timber = pieces(4, 900_00, "white", line_id="1", category="paint"), a_line(25_333_33, "pine", line_id="2", category="timber")
    found = priced(the("hardware-discount"), paint, timber, tier="gold")
    assert named(found) == {"fourth-tin": 900_00, "gold-10": 270_00 + 2533_33, "bulk": 456_00}
    assert [line.paid_amount for line in found.lines] == [2430_00, 22_344_00]


def test_black_friday_takes_the_better_of_two_and_a_cable_goes_with_the_television():
    headphones, speakers = a_line(10_000_00, "h1", category="headphones"), a_line(8_000_00, "s1", category="speakers")
    night = priced(the("black-friday"), headphones, speakers, pieces(1, 60_000_00, "tv", category="television"))
    assert named(night) == {"night-hours": 5400_00}
    assert [(gift.sku, gift.pieces) for gift in night.gifts] == [("hdmi-cable-2m", 1)]
    day = priced(the("black-friday"), headphones, speakers, at=FRIDAY.replace(hour=12))
    assert named(day) == {"headphones": 2500_00}
    assert named(priced(the("black-friday"), headphones, speakers, at=datetime(2026, 12, 1, 12, tzinfo=MOSCOW))) == {}


def test_black_friday_code_is_used_once_by_each_member_and_points_are_double():
    shop = the("black-friday")
    assert named(priced(shop, 21_000_00, coupons=("friday26",))) == {"code": 2500_00}
    decision, after = shop.earn(receipt(shop, Line("1", "tv", 18_500_00, list_amount=21_000_00), coupons=("FRIDAY26",)), AccountState())
    assert (decided(shop, receipt(shop, 18_500_00)).explanation.points, getattr(decision, "points", None)) == (370, 370)
    again = receipt(shop, 21_000_00, coupons=("FRIDAY26",))
    assert shop.coupons.usable(again, FRIDAY.date(), after).refused == {"friday": "coupon-limit"}
