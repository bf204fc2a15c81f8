import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.activities import ActivityRecorded
from contracts.envelope import decode, encode
from contracts.programmes import ProgrammePublished
from contracts.purchases import PurchaseCancelled, PurchaseConfirmed, PurchaseReturned
from loyalty_client import event

from .builders import CARD, NOON, SHOP, a_purchase

ids = st.text(min_size=1, max_size=50).filter(lambda text: "\0" not in text and len(text.encode(errors="replace")) <= 200)
#: Few letters, so that two that look alike are drawn: merchant "a/b" with purchase "c", and "a" with "b/c".
safe = ids.map(lambda text: text.encode(errors="replace").decode()) | st.text("a/%2F", min_size=1, max_size=3)


def test_the_same_thing_said_again_has_the_same_id():
    assert a_purchase(1).id == a_purchase(1).id == "purchase/corner-shop/receipt-1/1"
    assert a_purchase(1, revision=2).id == "purchase/corner-shop/receipt-1/2"
    assert a_purchase(1).time == NOON


def test_what_happens_to_one_purchase_has_ids_of_its_own():
    named = {"merchant": "corner-shop", "purchase_id": "receipt-1", "occurred_at": NOON}
    said = [
        PurchaseReturned(return_id="r-1", currency="USD", **named),
        PurchaseConfirmed(**named),
        PurchaseCancelled(**named),
        PurchaseConfirmed(merchant="corner-shop", store="s-1", receipt_number="17", occurred_at=NOON),
        ActivityRecorded(programme="p", activity_id="1", kind="visit", holder=CARD, occurred_at=NOON),
    ]
    assert [event(data, source=SHOP).id for data in said] == [
        "return/corner-shop/r-1",
        "confirmed/corner-shop/receipt-1",
        "cancelled/corner-shop/receipt-1",
        "confirmed/corner-shop/s-1/17/2026-03-02",
        "activity/p/visit/1",
    ]


@settings(max_examples=500)
@given(safe, safe, safe, safe)
@example("a/b", "c", "a", "b/c")
@example("a%2Fb", "c", "a/b", "c")
def test_two_purchases_never_share_an_id(merchant: str, purchase: str, other_merchant: str, other_purchase: str):
    one, other = a_purchase(1, merchant=merchant, purchase_id=purchase), a_purchase(1, merchant=other_merchant, purchase_id=other_purchase)
    assert (one.id == other.id) == ((merchant, purchase) == (other_merchant, other_purchase))


@given(st.text("\u4e2d/%", min_size=1, max_size=66), st.text("ab/", min_size=1, max_size=200))
def test_an_id_made_of_long_ones_is_still_an_id(merchant: str, purchase: str):
    said = a_purchase(1, merchant=merchant, purchase_id=purchase)
    assert decode(encode(said)) == said


def test_an_id_of_ones_own_is_kept():
    assert event(a_purchase(1).data, source=SHOP, id="mine-1").id == "mine-1"


def test_what_only_the_platform_says_cannot_be_said():
    published = ProgrammePublished(programme="p", version=1, effective_from=NOON, zone="UTC", currencies=("USD",), document={}, published_at=NOON)
    with pytest.raises(ValueError, match="own services"):
        event(published, source=SHOP)
