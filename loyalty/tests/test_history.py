"""Reading purchases: from any till's columns, and nothing that cannot be read goes by unseen."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
import yaml

from accrual.domain.returns import AskedLine
from loyalty.console import Failure
from loyalty.history.events import Bought, Brought, Did, History
from loyalty.history.load import Reading, load
from loyalty.publish.mapping import FileMapping

TILL = """InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID
1,mug,6,2010-12-01 08:26:00,2.55,17850
1,lamp,2,2010-12-01 08:26:00,3.39,17850
2,mug,1,2010-12-01 09:00:00,2.55,
C3,mug,-2,2010-12-02 10:00:00,2.55,17850
"""


def unseen(done: int, *, total: int | None = None) -> None:
    """Nobody looks at the progress."""


def read(path: Path, text: str | bytes, **how: object) -> History:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load(path, Reading(**{"currency": "GBP", "zone": "Europe/London"} | how), advance=unseen)


def test_columns_are_understood_by_their_names(tmp_path: Path):
    history = read(tmp_path / "till.csv", TILL)
    first, second, third = history.events
    assert isinstance(first, Bought)
    assert [(line.sku, line.quantity, line.paid_amount) for line in first.purchase.lines] == [("mug", 6000, 1530), ("lamp", 2000, 678)]
    assert (first.customer, first.amount, first.purchase.purchase_id, first.purchase.identified) == ("17850", 2208, "1", True)
    assert first.occurred_at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert (second.customer, second.purchase.identified) == (None, False)
    assert isinstance(third, Brought)
    assert third.asked.lines == (AskedLine(2000, 510, sku="mug"),)
    assert "paid_amount from UnitPrice x Quantity" in history.notes[0]


def as_parquet(path: Path) -> bytes:
    (path / "source.csv").write_text(TILL)
    duckdb.sql(f"copy (select * from read_csv('{path / 'source.csv'}')) to '{path / 'made.parquet'}'")
    return (path / "made.parquet").read_bytes()


def as_objects(_: Path) -> bytes:
    header, *rows = (line.split(",") for line in TILL.splitlines())
    return "\n".join(json.dumps(dict(zip(header, row, strict=True))) for row in rows).encode()


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("till.csv.gz", lambda _: gzip.compress(TILL.encode())),
        ("till.tsv", lambda _: TILL.replace(",", "\t").encode()),
        ("till.jsonl", as_objects),
        ("till.parquet", as_parquet),
    ],
)
def test_every_format_says_the_same(tmp_path: Path, name: str, made: Callable[[Path], bytes]):
    assert read(tmp_path / name, made(tmp_path)).events == read(tmp_path / "till.csv", TILL).events


def test_the_mapping_file_of_publish_is_understood():
    examples = Path(__file__).parents[1] / "examples"
    mapping = FileMapping.model_validate(yaml.safe_load((examples / "receipts.mapping.yaml").read_text()))
    history = load(examples / "receipts.csv", Reading(mapping=mapping), advance=unseen)
    assert [(event.customer, event.amount) for event in history.purchases] == [("9000 1234 1234 1233", 980), (None, 240)]
    assert (history.currency, history.purchases[0].purchase.lines[0].category) == ("USD", "drink")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (("mug,6", "mug,six"), "Row 2: column UnitPrice x Quantity: '2.55 x six' is no money (paid_amount)"),
        (("3.39,17850", "cheap,17850"), "Row 2: column UnitPrice x Quantity: 'cheap x 2' is no money (paid_amount)"),
        (("2010-12-01 09:00:00", "yesterday"), "Row 4: column InvoiceDate: 'yesterday' is no time (occurred_at)"),
        (("2,mug,1", "2,mug, big,1"), "Row 4: 7 cells under 6 columns"),
        (("mug,1,", "mug,0,"), "Row 4: row 1 of the receipt has a quantity of 0"),
        (("1,2010-12-01 09:00:00", "1,"), "Row 4: there is no time of the purchase"),
    ],
)
def test_wrong_data_names_the_row_and_the_column(tmp_path: Path, change: tuple[str, str], where: str):
    with pytest.raises(Failure) as failure:
        read(tmp_path / "till.csv", TILL.replace(*change))
    assert failure.value.what == where
    assert "--skip-bad" in failure.value.advice


def test_wrong_rows_are_counted_and_named_when_they_are_skipped(tmp_path: Path):
    history = read(tmp_path / "till.csv", TILL.replace("mug,1", "mug,one"), skip_bad=True)
    assert (history.skipped, len(history.events)) == (1, 2)
    assert "One receipt could not be read and was left out: row 4: column" in history.notes[-1]


def test_a_line_that_is_no_json_is_skipped_when_told_so(tmp_path: Path):
    lines = b"\n".join([as_objects(tmp_path).splitlines()[0], b"{", b"", b'{"InvoiceNo": "9"}'])
    history = read(tmp_path / "till.jsonl", lines, skip_bad=True)
    assert (len(history.events), history.skipped) == (1, 2)


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("till.csv", "a,b\n1,2\n", "No column says by its name when a purchase was made"),
        ("till.csv", "date,name\n2026-01-01,Ana\n", "No column says by its name how much was paid"),
        ("till.csv", "date,amount\n", "There is no purchase in it"),
        ("till.xlsx", "PK", "Cannot tell by its name what till.xlsx is"),
        ("till.parquet", "PAR1 no", "Cannot read"),
        ("till.jsonl", '{"date": "2026-01-01"', "Line 1 is not JSON"),
        ("till.jsonl", "[1]", "Line 1 is no JSON object"),
    ],
)
def test_files_that_are_no_purchases_say_so(tmp_path: Path, name: str, text: str, what: str):
    with pytest.raises(Failure) as failure:
        read(tmp_path / name, text)
    assert failure.value.what.startswith(what)


def cloud_event(type_: str, **data: object) -> str:
    holder = "h1:" + "c" * 43
    body = {"occurred_at": "2026-11-02T09:12:00Z", "holder": holder} | data
    return json.dumps({"specversion": "1.0", "id": f"{type_}-1", "source": "urn:test", "type": f"loyalty.{type_}.v1", "data": body})


def test_events_as_tills_publish_them_are_read_with_returns_and_activities(tmp_path: Path):
    lines = [{"line_id": "1", "sku": "mug", "paid_amount": 500, "cost_amount": 200}]
    bought = cloud_event("purchase.recorded", merchant="shop", purchase_id="1", lines=lines, currency="GBP")
    brought = cloud_event("purchase.returned", merchant="shop", purchase_id="1", return_id="r", currency="GBP", occurred_at="2026-11-03T09:12:00Z")
    did = cloud_event("activity.recorded", programme="any", activity_id="a", kind="newsletter")
    confirmed = cloud_event("purchase.confirmed", merchant="shop", purchase_id="1")
    history = read(tmp_path / "events.jsonl", f"{brought}\n{bought}\n{did}\n{confirmed}")
    assert [type(event) for event in history.events] == [Bought, Did, Brought]
    assert (history.purchases[0].cost, history.events[2].purchase_id) == (200, "1")
    with pytest.raises(Failure, match="Row 2: wrong-schema: lines"):
        read(tmp_path / "events.jsonl", bought + "\n" + cloud_event("purchase.recorded", merchant="shop", purchase_id="2", lines=[], currency="GBP"))


def test_only_the_currency_of_most_purchases_is_looked_at(tmp_path: Path):
    text = "date,amount,customer,money\n2026-01-01,1.00,a,EUR\n2026-01-02,2.00,a,EUR\n2026-01-03,9.00,a,USD\n"
    data = {"occurred_at": {"time": "{date}"}, "holder": "{customer}", "currency": "{money}"}
    mapping = FileMapping(type="t", source="s", event_id="{date}", data=data, lines={"paid_amount": {"money": "{amount}"}})
    history = read(tmp_path / "till.csv", text, mapping=mapping)
    assert ([event.amount for event in history.purchases], history.currency) == ([100, 200], "EUR")
    assert "1 in USD" in history.notes[0]


def test_a_history_moved_by_years_keeps_its_weekdays(tmp_path: Path):
    history = read(tmp_path / "till.csv", TILL)
    later = history.later(15)
    assert [event.occurred_at.weekday() for event in later.events] == [event.occurred_at.weekday() for event in history.events]
    assert (later.first_day.year, later.purchases[0].purchase.occurred_at) == (2025, later.events[0].occurred_at)


PACKED = gzip.compress(TILL.encode(), mtime=0)  # the same bytes in every process


@pytest.mark.parametrize("content", [b"not packed at all", PACKED[:-20], PACKED[:60] + b"x" * 40], ids=["plain", "cut", "damaged"])
def test_a_file_that_is_not_packed_as_its_name_says_is_named(tmp_path: Path, content: bytes):
    with pytest.raises(Failure, match=r"Cannot read .*till.csv.gz: it is not packed as its name says, or not whole"):
        read(tmp_path / "till.csv.gz", content)


@pytest.mark.parametrize(("content", "said"), [(b"", "does not begin with the names of its columns"), (b"\xff\xfe\x00\x01", "Line 1 is not UTF-8")])
def test_what_is_no_table_is_said_to_be_none(tmp_path: Path, content: bytes, said: str):
    with pytest.raises(Failure, match=said):
        read(tmp_path / "till.csv", content)


def test_each_row_that_does_not_fit_is_counted_even_where_they_are_neighbours(tmp_path: Path):
    text = TILL.replace("1,lamp,", "1,lamp,extra,").replace("2,mug,1,", "2,mug,extra,1,")
    assert read(tmp_path / "till.csv", text, skip_bad=True).skipped == 2


def test_a_receipt_with_a_row_that_does_not_fit_is_left_out_whole_and_not_read_as_two(tmp_path: Path):
    text = TILL.replace("1,lamp,", "1,lamp,extra,").replace("2,mug", "1,cup,1,2010-12-01 08:26:00,1.00,17850\n2,mug")
    history = read(tmp_path / "till.csv", text, skip_bad=True)
    assert ([event.purchase.purchase_id for event in history.purchases], history.skipped) == (["2"], 1)
    assert "row 2: line 3: 7 cells under 6 columns" in history.notes[-1]


def test_many_rows_that_do_not_fit_are_no_receipt(tmp_path: Path):
    text = TILL.replace("1,lamp,2,2010-12-01 08:26:00,3.39,17850\n", "x\n" * 250)
    history = read(tmp_path / "till.csv", text, skip_bad=True)
    assert ([event.purchase.purchase_id for event in history.purchases], history.skipped) == (["1", "2"], 250)
