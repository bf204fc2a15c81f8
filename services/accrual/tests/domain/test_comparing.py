"""What a new version takes from members is found, whatever it gives them beside it."""

from hypothesis import given
from hypothesis import strategies as st

from accrual.domain.document.document import Document
from accrual.domain.document.reading import read
from accrual.domain.terms.comparing import compare, worsens
from accrual.domain.terms.durations import longer
from accrual.domain.terms.notice import notice_of

from .builders import PROGRAMMES, a_document

BASE = "- {id: base, give: {points: 1, per: 20.00}}\n"
TEA = "- {id: tea, when: {category: [tea, cakes], minimum: 10}, give: {multiply: 2}, cap: {points: 300, per: month}}\n"


def of(earning: str, **sections: str) -> Document:
    return read(a_document(earning, **sections))


def worse(before: Document, after: Document) -> list[str]:
    return [difference.part for difference in worsens(before, after)]


def both(before: Document, after: Document) -> tuple[list[str], list[str]]:
    """What is worse there, and what is worse on the way back."""
    return worse(before, after), worse(after, before)


def test_the_same_document_differs_in_nothing():
    for path in PROGRAMMES.glob("*.yaml"):
        document = read(path.read_text())
        assert compare(document, document) == ()


def test_a_rate_a_minimum_a_cap_and_a_life_are_better_in_one_direction_only():
    old = of(BASE + TEA, expiry="{after: 12 months}")
    assert both(old, of(BASE.replace("20.00", "25.00") + TEA, expiry="{after: 12 months}")) == (["earning/base/give/per"], [])
    assert both(old, of(BASE + TEA.replace("10", "15"), expiry="{after: 12 months}")) == (["earning/tea/when/minimum"], [])
    assert both(old, of(BASE + TEA.replace("300", "200"), expiry="{after: 12 months}")) == (["earning/tea/cap/0/points"], [])
    assert both(old, of(BASE + TEA, expiry="{after: 6 months}")) == (["expiry/after"], [])
    assert both(old, of(BASE + TEA)) == ([], ["expiry"])
    assert both(old, of(BASE + TEA.replace("[tea, cakes]", "tea"), expiry="{after: 12 months}")) == (["earning/tea/when/category"], [])


def test_a_rule_that_goes_is_worse_and_one_that_comes_is_not():
    assert both(of(BASE + TEA), of(BASE)) == (["earning/tea"], [])
    assert both(of(BASE + TEA), of(BASE + TEA.replace("{id", "{enabled: false, id"))) == (["earning/tea/enabled"], [])


def test_a_rule_that_comes_and_silences_others_is_worse():
    jealous = "- {id: alone, stacking: exclusive, give: {fixed: 5}}\n"
    assert worse(of(BASE), of(BASE + jealous)) == ["earning/alone"]


def test_a_condition_where_there_was_none_is_worse():
    narrow = BASE.replace("give", "when: {store: main-street}, give")
    assert both(of(BASE), of(narrow)) == (["earning/base/when/store"], [])
    excluding = BASE.replace("give", "when: {exclude: {category: tobacco}}, give")
    assert both(of(BASE), of(excluding)) == (["earning/base/when/exclude"], [])


def test_what_outweighs_is_worse_all_the_same():
    assert worse(of(BASE), of("- {id: base, give: {points: 2, per: 40.00}}\n")) == ["earning/base/give/per"]


def test_a_cap_where_there_was_none_is_worse():
    assert both(of(BASE), of(BASE, cap="{points: 500, per: month}")) == (["cap/0"], [])


def test_a_return_that_leaves_a_debt_is_worse():
    assert both(of(BASE), of(BASE, returns="{spent: debt}")) == (["returns/spent"], [])


def test_an_earlier_end_and_a_shorter_notice_are_worse():
    assert both(of(BASE, effective_until="2030-12-31"), of(BASE, effective_until="2031-12-31")) == ([], ["effective_until"])
    assert both(of(BASE, notice="30 days"), of(BASE, notice="14 days")) == (["notice"], [])
    assert both(of(BASE, notice="30 days"), of(BASE)) == (["notice"], [])


def test_names_versions_and_dates_are_nobodys_loss():
    assert both(of(BASE), of(BASE, version="2", effective_from="2021-01-01", name="{en: Shop}")) == ([], [])


@given(st.integers(1, 40), st.sampled_from(["day", "week", "month", "quarter", "year"]), st.integers(1, 40), st.sampled_from(["day", "month", "year"]))
def test_of_two_durations_at_most_one_is_surely_longer(count: int, unit: str, other: int, other_unit: str):
    one, two = f"{count} {unit}s", f"{other} {other_unit}s"
    assert longer(one, one)
    if longer(one, two) and longer(two, one):
        assert one == two or {unit, other_unit} == {"month", "year"} or (unit, other_unit) == ("quarter", "month") or unit in {"quarter", "week"}


def test_a_month_is_no_shorter_than_28_days_and_no_longer_than_31():
    assert longer("1 month", "28 days")
    assert not longer("1 month", "31 days")
    assert longer("31 days", "1 month")
    assert longer("1 year", "12 months")
    assert longer("12 months", "1 year")


def test_the_notice_says_what_was_and_what_is():
    old, new = of(BASE + TEA), of(BASE.replace("20.00", "25.00"), version="2")
    notice = notice_of(old, new, "en")
    assert [(change.part, change.before, change.after, change.worse) for change in notice.changes] == [
        ("earning/base", "Points: 1 for each 20 EUR.", "Points: 1 for each 25 EUR.", True),
        ("earning/tea", notice.changes[1].before, None, True),
    ]
    assert [difference.part for difference in notice.untold] == ["version"]
    assert notice.worse
    assert {change.part for change in notice_of(old, new, "ru").changes} == {"earning/base", "earning/tea"}


def test_what_terms_do_not_tell_is_worse_too_where_it_may_take_something():
    notice = notice_of(of(BASE + TEA), of(BASE + TEA.replace("{id", "{priority: 5, id")), "en")
    assert notice.changes == ()
    assert [(each.part, each.worse) for each in notice.untold] == [("earning/tea/priority", True)]
    assert notice.worse


TRANSITION = "{existing: better_of, until: 2030-12-31}"


def eased(before: Document, after: str, **sections: str) -> dict[str, bool]:
    """What is worse in a version with a transition, and whether the transition eases it."""
    return {each.part: each.eased for each in worsens(before, of(after, transition=TRANSITION, **sections))}


def test_a_transition_eases_what_only_lowers_points_of_purchases():
    assert eased(of(BASE + TEA), BASE.replace("20.00", "25.00")) == {"earning/base/give/per": True, "earning/tea": True}
    assert eased(of(BASE), BASE, cap="{points: 100, per: day}") == {"cap/0": True}
    assert eased(of(BASE, expiry="{after: 12 months}"), BASE, expiry="{after: 6 months}") == {"expiry/after": False}


def test_a_transition_eases_no_reward_and_nothing_that_counts_from_purchase_to_purchase():
    rewards = "[{id: mug, kind: gift}]"
    gift, tenth = "- {id: gift, when: {minimum: 10}, give: {reward: mug}}\n", "- {id: tenth, when: {every: 10}, give: {fixed: 5}}\n"
    welcome = "- {id: welcome, on: registration, give: {fixed: 5}}\n"
    old = of(BASE + gift + tenth + welcome, rewards=rewards)
    assert eased(old, BASE, rewards=rewards) == dict.fromkeys(("earning/gift", "earning/tenth", "earning/welcome"), False)
    alone = "- {id: alone, stacking: exclusive, give: {fixed: 5}}\n"
    assert eased(old, BASE + gift + tenth + welcome + alone, rewards=rewards) == {"earning/alone": False}
    assert eased(of(BASE), BASE + alone) == {"earning/alone": True}


def test_a_campaign_is_eased_rule_by_rule():
    spring = "[{id: spring, earning: [{id: extra, give: {fixed: 7}}, {id: tenth, when: {every: 10}, give: {fixed: 5}}]}]"
    assert eased(of(BASE, campaigns=spring), BASE, campaigns=spring.replace("fixed: 7", "fixed: 6")) == {"campaigns/spring/earning/extra/give/fixed": True}
    assert eased(of(BASE, campaigns=spring), BASE) == {"campaigns/spring": False}


def test_a_transition_that_is_over_goes_without_a_loss_and_one_that_runs_does_not():
    before = of(BASE, transition="{existing: better_of, until: 2026-12-31}")
    assert worse(before, of(BASE, effective_from="2026-12-31")) == ["transition"]
    assert worse(before, of(BASE, effective_from="2027-01-01")) == []
    assert worse(before, of(BASE, effective_from="2027-01-01T00:00:00+00:00")) == []


def test_the_notice_says_until_when_a_transition_helps():
    before, after = of(BASE), of(BASE.replace("20.00", "25.00"), transition=TRANSITION)
    notice = notice_of(before, after, "en")
    assert (notice.worse, notice.worse_at_once, str(notice.eased_until)) == (True, False, "2030-12-31")
    assert [(change.part, change.worse, change.eased) for change in notice.changes] == [("earning/base", True, True), ("transition", False, False)]
    assert notice_of(after, before, "en").worse_at_once
