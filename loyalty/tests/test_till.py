"""The till: what is on its counter, what it keeps, and what it sends. What it does with a gateway is told in tests/e2e."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import Event
from contracts.holds import Hold, HoldRequest
from contracts.purchases import Payment, PurchaseRecorded
from contracts.quotes import Quote, QuotedEntitlement, QuotedPrice
from contracts.requests import QuoteRequest
from contracts.rewards import Explanation
from loyalty.console import Failure
from loyalty.till import counter, selling
from loyalty.till.basket import Basket
from loyalty.till.goods import EXAMPLE, Good, load_goods, price_of
from loyalty.till.journal import Journal
from loyalty.till.returning import given_back, returned
from loyalty.till.sending import send
from loyalty.till.shop import Shop
from loyalty.till.till import Till
from loyalty.till.words import WORDS, Command, read
from loyalty_client import Confirmation, InvalidError, NotConfirmedError, UnavailableError, event

QUOTE_ID, HOLD_ID = UUID(int=1, version=4), UUID(int=2, version=4)
CARD = "h1:" + "c" * 43
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SHOP = Shop("corner-shop", "main-street", "UTC", "USD")
TEA, MUG = Good("tea", 4_50, "Green tea", "tea"), Good("mug", 8_00)


def a_receipt(*goods: tuple[Good, int], number: str = "1-0001") -> PurchaseRecorded:
    basket = Basket(holder=CARD)
    for good, pieces in goods:
        basket = basket.scanned(good, pieces=pieces)
    return SHOP.receipt(basket, number, (Payment(kind="cash", amount=basket.total),), at=NOON)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "till.sqlite")
    yield opened
    opened.close()


class Line:
    """A gateway that takes events, refuses some, or does not answer."""

    def __init__(self, *, up: bool = True, refuses: str | None = None) -> None:
        self.up, self.refuses, self.taken = up, refuses, list[str]()

    async def publish(self, *events: Event[Any]) -> tuple[Confirmation, ...]:
        if not self.up:
            raise NotConfirmedError("no answer", events=events, confirmed=())
        if any(each.id == self.refuses for each in events):
            raise InvalidError(400, "invalid-events", "No good.")
        self.taken += [each.id for each in events]
        return ()


def test_what_is_scanned_twice_is_one_line_of_two_pieces():
    basket = Basket().scanned(TEA, pieces=1).scanned(MUG, pieces=1).scanned(TEA, pieces=2)
    assert [(line.line_id, line.sku, line.quantity, line.paid_amount) for line in basket.lines] == [("1", "tea", 3000, 13_50), ("2", "mug", 1000, 8_00)]
    assert basket.total == 21_50


def test_a_line_id_is_not_given_again_after_a_line_was_taken_off():
    basket = Basket().scanned(TEA, pieces=1).scanned(MUG, pieces=1).without("1").scanned(TEA, pieces=1)
    assert [line.line_id for line in basket.lines] == ["2", "3"]


def test_a_receipt_names_the_till_the_means_of_payment_and_what_was_put_aside():
    basket = Basket(holder=CARD, hold_id="0b0c8a52-7f6e-4d0b-9a5e-2f1d3c4b5a69", coupons=("SPRING",)).scanned(MUG, pieces=1)
    sold = SHOP.receipt(basket, "1-0007", (Payment(kind="points", amount=1_00), Payment(kind="card", amount=7_00)), at=NOON)
    assert (sold.purchase_id, sold.receipt_number, sold.hold_id, sold.coupons) == ("main-street/1-0007", "1-0007", basket.hold_id, ("SPRING",))
    assert sum(payment.amount for payment in sold.payments) == sold.lines[0].paid_amount


class Desk:
    """A gateway that prices one reward, reserves it, and may fall silent."""

    def __init__(self) -> None:
        self.up, self.asked, self.released = True, list[HoldRequest](), list[str]()

    async def quote(self, cart: QuoteRequest) -> Quote:
        line = cart.purchase.lines[0]
        off = line.paid_amount // 5 if "FIFTH" in cart.entitlements else 0
        priced = QuotedPrice(line_id="1", price_amount=line.paid_amount, discount_amount=off, paid_amount=line.paid_amount - off, tax_amount=0)
        shown = tuple(QuotedEntitlement(entitlement=each, valid=each == "FIFTH", reason=None if each == "FIFTH" else "expired") for each in cart.entitlements)
        told = {"programme": "shop", "programme_version": 1, "points": 0, "explanation": Explanation(points=0, steps=(), not_given=())}
        return Quote(
            quote_id=QUOTE_ID, valid_until=NOON, total_amount=priced.paid_amount, discount_amount=off, lines=(priced,), entitlements=shown, **told  # type: ignore[arg-type]
        )  # fmt: skip

    async def hold(self, wanted: HoldRequest, *, idempotency_key: str) -> Hold:  # noqa: ARG002  as the gateway's client has it
        if not self.up:
            raise UnavailableError(503, "service-unavailable", "no answer")
        self.asked.append(wanted)
        return Hold.model_validate(
            {
                "hold_id": HOLD_ID, "holder": CARD, "programme": "shop", "merchant": wanted.merchant, "purchase_id": wanted.purchase_id,
                "points": wanted.points, "worth": {"amount": wanted.points, "currency": "USD"}, "state": "open", "made_at": NOON, "expires_at": NOON,
            }
        )  # fmt: skip

    async def release(self, hold_id: str, *, idempotency_key: str) -> None:  # noqa: ARG002  as the gateway's client has it
        self.released.append(hold_id)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def till(journal: Journal, desk: Desk) -> Till:
    """A till at which Ana has put a mug on the counter; nobody takes its events."""
    opened = Till(
        shop=SHOP, goods={"mug": MUG}, journal=journal, gateway=desk, publisher=Line(up=False), customers=None, clock=lambda: NOON  # type: ignore[arg-type]
    )  # fmt: skip
    opened.basket = Basket(holder=CARD).scanned(MUG, pieces=1)
    return opened


def sold_at(journal: Journal) -> PurchaseRecorded:
    found = journal.receipt("1-0001")
    assert found is not None
    return found


async def test_a_reward_is_priced_reserved_without_points_and_used_by_the_receipt_that_names_its_hold(till: Till, desk: Desk, journal: Journal):
    for code in ("FIFTH", "OLD"):
        await counter.reward(till, code)
    with pytest.raises(Failure, match="what the rewards take off"):
        await selling.pay(till)
    await selling.quote(till)
    await selling.pay(till)
    ((points, quote_id, purchase),) = [(each.points, each.quote_id, each.purchase) for each in desk.asked]
    assert (points, quote_id, purchase) == (0, QUOTE_ID, None)
    assert (sold_at(journal).hold_id, sold_at(journal).lines[0].paid_amount) == (str(HOLD_ID), 6_40)
    assert [(each.kind, each.amount) for each in sold_at(journal).payments] == [("cash", 6_40)]


async def test_points_put_aside_reserve_the_rewards_with_them_and_another_quote_frees_both(till: Till, desk: Desk):
    await counter.reward(till, "FIFTH")
    await selling.quote(till)
    await selling.spend(till, "100")
    assert ([(each.points, each.quote_id) for each in desk.asked], till.basket.rewards) == ([(100, QUOTE_ID)], ("FIFTH",))
    await selling.quote(till)
    assert (desk.released, till.basket.hold_id) == ([str(HOLD_ID)], None)


async def test_a_reward_that_nobody_can_reserve_stays_the_customers_and_the_till_sells_without_it(till: Till, desk: Desk, journal: Journal):
    await counter.reward(till, "FIFTH")
    await selling.quote(till)
    desk.up = False
    with pytest.raises(Failure, match="stay the customer's"):
        await selling.pay(till)
    await selling.pay(till)
    assert (sold_at(journal).hold_id, sold_at(journal).lines[0].paid_amount) == (None, 8_00)


@given(pieces=st.integers(1, 50), paid=st.integers(0, 100_00), back=st.integers(1, 50))
def test_pieces_given_back_one_by_one_never_come_to_more_than_was_paid(pieces: int, paid: int, back: int):
    line = a_receipt((TEA, pieces)).lines[0].model_copy(update={"paid_amount": paid})
    receipt = a_receipt((TEA, pieces)).model_copy(update={"lines": (line,)})
    one = returned(receipt, "r", "1", 1, at=NOON)
    assert given_back(receipt, one) * min(back, pieces) <= paid
    assert given_back(receipt, returned(receipt, "r", "1", None, at=NOON)) == paid == given_back(receipt, returned(receipt, "r", None, None, at=NOON))


@pytest.mark.parametrize(("line", "pieces", "why"), [("9", None, "no line 9"), ("1", 3, "2 pieces only")])
def test_what_was_not_sold_is_not_taken_back(line: str, pieces: int | None, why: str):
    with pytest.raises(Failure, match=why):
        returned(a_receipt((TEA, 2)), "r", line, pieces, at=NOON)


async def test_what_could_not_be_sent_is_sent_later_in_its_order_and_once(journal: Journal):
    for number in (1, 2, 3):
        journal.keep(f"receipt/{number}", event(a_receipt((TEA, number), number=str(number)), source=SHOP.source))
    down, up = Line(up=False), Line()
    assert (await send(journal, down)).waiting == 3  # type: ignore[arg-type]
    assert [each.id for each in (await send(journal, up)).confirmed] == up.taken  # type: ignore[arg-type]
    assert up.taken == [f"purchase/corner-shop/main-street%2F{number}/1" for number in (1, 2, 3)]
    await send(journal, up)  # type: ignore[arg-type]
    assert len(up.taken) == 3


async def test_one_that_nobody_will_ever_take_does_not_stop_the_others(journal: Journal):
    for number in (1, 2):
        journal.keep(f"receipt/{number}", event(a_receipt((TEA, 1), number=str(number)), source=SHOP.source))
    sent = await send(journal, Line(refuses="purchase/corner-shop/main-street%2F1/1"))  # type: ignore[arg-type]
    assert ([each.id for each, _ in sent.refused], len(sent.confirmed), journal.unsent()) == (["purchase/corner-shop/main-street%2F1/1"], 1, [])


def test_a_journal_opened_again_knows_its_receipts_and_what_waits(tmp_path: Path):
    first = Journal(tmp_path / "till.sqlite")
    sold = a_receipt((TEA, 2), (MUG, 1))
    first.keep("receipt/1-0001", event(sold, source=SHOP.source))
    first.keep("receipt/1-0001", event(a_receipt((MUG, 9)), source=SHOP.source))
    first.close()
    again = Journal(tmp_path / "till.sqlite")
    assert (again.receipt("1-0001"), again.receipt("1-0002"), again.count("receipt"), len(again.unsent())) == (sold, None, 1, 1)
    again.close()


def test_a_file_that_is_no_journal_is_named(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("not a journal, but long enough to be looked at as a file of SQLite" * 100)
    with pytest.raises(Failure, match=r"notes\.txt is no journal"):
        Journal(tmp_path / "notes.txt")


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("scan tea 2  # two of them", Command("scan", ("tea", "2"))),
        ("card 9000 0000 0000 0019", Command("card", ("9000", "0000", "0000", "0019"))),
        ("  # a remark", None),
        ("", None),
    ],
)
def test_a_line_is_read_as_it_is_meant(line: str, meant: Command | None):
    assert read(line) == meant


@pytest.mark.parametrize(("line", "fault"), [("sing", "no such word"), ("scan", "usage: scan SKU"), ("pay cash now", "usage: pay"), ('coupon "A', "quotation")])
def test_a_line_that_means_nothing_says_what_would(line: str, fault: str):
    found = read(line)
    assert isinstance(found, str)
    assert fault in found


def test_the_example_goods_can_be_sold():
    goods = load_goods(EXAMPLE, currency="USD")
    assert goods["tea"] == Good("tea", 4_50, "Green tea 100 g", "tea", "leaf-house")
    assert all(good.price > 0 for good in goods.values())


@pytest.mark.parametrize(
    ("text", "fault"), [("sku\ntea\n", "no column price"), ("sku,price\ntea,4.505\n", "line 2"), ("sku,price\n,1\n", "no SKU"), ("", "no column")]
)
def test_a_file_of_goods_that_is_wrong_names_the_place(text: str, fault: str, tmp_path: Path):
    file = tmp_path / "goods.csv"
    file.write_text(text)
    with pytest.raises(Failure, match=fault):
        load_goods(file, currency="USD")


@pytest.mark.parametrize(
    ("text", "amount"), [("4.50", 4_50), ("10", 10_00), ("0", 0), ("4.505", None), ("-1", None), ("NaN", None), ("tea", None), ("1e30", None)]
)
def test_a_price_is_read_exactly_or_not_at_all(text: str, amount: int | None):
    assert price_of(text, currency="USD") == amount


def test_every_word_that_can_be_typed_is_explained():
    assert all(meaning.usage.split()[0] == word and meaning.help for word, meaning in WORDS.items())
