"""Discounts of campaigns: off the price only while and for whom the campaign is on, after those of the programme, and private where it is."""

from datetime import timedelta

import pytest

from accrual.domain.accounts import AccountState, Profile
from accrual.domain.coupons import Usable
from accrual.domain.document.document import Document
from accrual.domain.document.problems import DocumentError
from accrual.domain.document.reading import read
from accrual.domain.pricing.discounts import Priced
from accrual.domain.pricing.occasions import Visit
from accrual.domain.pricing.pricer import Pricer
from accrual.domain.terms.comparing import worsens
from accrual.domain.terms.easing import is_eased
from accrual.domain.terms.page import terms_of

from .builders import FRIDAY_NOON, a_document, a_purchase
from .carts import CLUB, discounted, named

BASE = "- {id: base, give: {points: 1, per: 1.00}}"


def a_campaign(fields: str, off: str = "[{id: ten, percent: 10}]", **sections: str) -> Document:
    return read(a_document(BASE, campaigns=f"[{{id: fest, {fields}, discounts: {off}}}]", **(CLUB | sections)))


def somebody(seed: bytes = b"a", **known: object) -> Visit:
    return Visit(FRIDAY_NOON, AccountState(profile=Profile(member=True, seed=seed, **known)))  # type: ignore[arg-type]


def reasons(priced: Priced) -> dict[str, str]:
    return {silent.discount: silent.reason for silent in priced.not_taken}


def test_a_campaigns_discounts_come_after_those_of_the_programme_from_what_is_left():
    fest = a_campaign("days: fri", "[{id: ten, percent: 10}, {id: five, amount: 5.00}]", discounts="[{id: own, percent: 50, priority: -5}]")
    assert named(discounted(fest, 100_00)) == {"own": 50_00, "fest/ten": 5_00, "fest/five": 5_00}


@pytest.mark.parametrize(
    ("fields", "met", "reason"),
    [
        ("dates: {until: 2026-11-20}", True, ""),
        ("dates: {until: 2026-11-19}", False, "outside-dates"),
        ("days: [sat, sun]", False, "other-day-or-hour"),
        ("hours: '12:00-13:00'", True, ""),
        ("hours: '13:00-14:00'", False, "other-day-or-hour"),
        ("repeats: FREQ=MONTHLY;BYDAY=3FR", True, ""),
        ("repeats: FREQ=MONTHLY;BYDAY=1FR", False, "outside-dates"),
        ("enabled: false", False, "disabled"),
        ("coupon: ten", False, "no-coupon"),
        ("audience: {tier: gold}", False, "other-tier"),
        ("audience: {segment: jazz}", False, "other-segment"),
    ],
)
def test_they_are_taken_off_while_and_for_whom_the_campaign_is_on(fields: str, met: bool, reason: str):  # noqa: FBT001  a table
    priced = discounted(a_campaign(fields), 100_00, visit=somebody())
    assert (named(priced), reasons(priced)) == (({"fest/ten": 10_00}, {}) if met else ({}, {"fest/ten": reason}))


def test_conditions_of_the_discount_and_of_its_campaign_must_both_be_met():
    fest = a_campaign("audience: {tier: gold}", "[{id: ten, percent: 10, when: {minimum: 50.00, days: fri}}]")
    assert named(discounted(fest, 50_00, visit=somebody(tier="gold"))) == {"fest/ten": 5_00}
    assert reasons(discounted(fest, 49_99, visit=somebody(tier="gold"))) == {"fest/ten": "below-minimum"}
    assert reasons(discounted(fest, 50_00, visit=somebody(tier="gold")._replace(local=FRIDAY_NOON + timedelta(days=1)))) == {"fest/ten": "other-day-or-hour"}


def test_a_private_campaign_says_nothing_of_itself_to_others_and_leaves_its_control_group_out():
    fest = a_campaign("public: false, control: 50%, dates: {until: 2026-11-19}")
    assert [(each.reason, each.text) for each in discounted(fest, 1_00, visit=somebody()).not_taken] == [("not-offered", "not offered to you")]
    offered = a_campaign("public: false, control: 50%, audience: {segment: jazz}")
    taken = [bool(discounted(offered, 1_00, visit=somebody(bytes([seed]), segments=frozenset({"jazz"}))).taken) for seed in range(64)]
    assert 16 < sum(taken) < 48
    assert not discounted(offered, 1_00, visit=somebody()).taken
    assert "fest" not in str(terms_of(offered, "en"))


def test_the_coupon_of_a_campaign_is_used_by_its_discount():
    pricer, coupons = Pricer(a_campaign("coupon: ten")), Usable({"ten": "TEN"}, {})
    assert pricer.ask_for_coupons
    assert pricer.coupons_used(a_purchase(1_00), AccountState(), coupons) == {"ten"}


def test_members_are_told_what_a_campaign_takes_off():
    paragraphs = terms_of(a_campaign("days: fri"), "en").paragraphs()
    assert paragraphs["campaigns/fest/discounts/ten"].text.startswith("10 % off")
    assert paragraphs["campaigns/fest"].text == "On Friday."


def test_a_smaller_discount_of_a_campaign_is_a_loss_that_no_transition_eases():
    old, new = (a_campaign("days: fri", f"[{{id: ten, percent: {percent}}}]") for percent in (10, 9))
    assert [difference.part for difference in worsens(old, new)] == ["campaigns/fest/discounts/ten/percent"]
    assert not is_eased("campaigns/fest/discounts/ten/percent", old, new)
    assert not is_eased("campaigns/fest/days", old, new)
    assert worsens(new, old) == ()


@pytest.mark.parametrize(
    ("fields", "discounts", "path", "message"),
    [
        ("budget: {points: 50}", "[{id: ten, percent: 10}]", "campaigns[0].budget", "would go on when it is spent"),
        ("days: fri", "[{id: ten, percent: 10}, {id: ten, percent: 5}]", "campaigns[0].discounts[1].id", "another discount of the campaign"),
        ("days: fri", "[{id: ten, percent: 10, stacking: exclusive}]", "campaigns[0].discounts[0].stacking", "one after the other"),
        ("days: fri", "[{id: ten, amount: 0.001}]", "campaigns[0].discounts[0].amount", "finer than the smallest coin"),
        (
            "dates: {until: 2030-01-01}",
            "[{id: ten, percent: 10, when: {dates: {from: 2030-01-02}}}]",
            "campaigns[0].discounts[0].when.dates",
            "the campaign is not on then",
        ),
    ],
)
def test_a_discount_that_a_campaign_cannot_keep_is_found(fields: str, discounts: str, path: str, message: str):
    with pytest.raises(DocumentError) as refused:
        a_campaign(fields, discounts)
    assert (refused.value.problems[0].path, message in refused.value.problems[0].message) == (path, True)


def test_where_one_campaign_of_several_applies_none_of_them_has_discounts():
    with pytest.raises(DocumentError, match="campaign_stacking: discounts of several campaigns add up"):
        a_campaign("days: fri", campaign_stacking="best")
