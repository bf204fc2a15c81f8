"""Publishing files: what is read, what is refused, and where a run goes on."""

import asyncio
import io
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.envelope import Record, decode
from contracts.identifiers import identifier_hash, identifier_key
from loyalty.console import Failure
from loyalty.publish.mapping import BadPiece, Converter, read_mapping
from loyalty.publish.pieces import MAX_LINE_BYTES, Piece, pieces_of_csv, pieces_of_jsonl
from loyalty.publish.reading import LineReader, RowReader
from loyalty.publish.resume import SideFile
from loyalty.publish.run import Plan, Result, publish
from loyalty.stack.keys import Hasher
from shared.local.keys import make_keys

EXAMPLES = Path(__file__).parents[1] / "examples"
CARD_HASH = "h1:" + "c" * 43


def a_purchase(number: int, **fields: object) -> bytes:
    data = {
        "merchant": "corner-coffee",
        "purchase_id": str(number),
        "lines": [{"line_id": "1", "sku": "flat-white", "paid_amount": 350}],
        "currency": "GBP",
        "occurred_at": "2026-11-02T09:12:00Z",
        **fields,
    }
    event = {"specversion": "1.0", "id": f"r-{number}", "source": "urn:test", "type": "loyalty.purchase.recorded.v1", "data": data}
    return orjson.dumps(event)


class Broker:
    """Takes records until it has had enough, as a broker that dies does."""

    def __init__(self, enough: int = 10**9) -> None:
        self.taken: list[Record] = []
        self.enough = enough

    async def send(self, records: Sequence[Record]) -> None:
        if len(self.taken) + len(records) > self.enough:
            raise Failure("the broker is gone")
        self.taken += records

    def ids(self) -> list[str]:
        return [decode(record).id for record in self.taken]


def unseen(done: int, *, total: int | None = None) -> None:
    """Nobody looks at the progress."""


def run(content: bytes, broker: Broker, *, side: SideFile | None = None, skip_bad: bool = False, rate: float | None = None) -> Result:
    plan = Plan(pieces_of_jsonl(io.BytesIO(content)), LineReader(), side, skip_bad=skip_bad, rate=rate)
    return asyncio.run(publish(plan, send=broker.send, advance=unseen))


def test_each_line_goes_to_its_topic_under_its_key_in_binary_mode():
    broker = Broker()
    result = run(a_purchase(1) + b"\n\n" + a_purchase(2) + b"\r\n", broker)
    assert (result.published, result.skipped) == (2, 0)
    assert broker.ids() == ["r-1", "r-2"]
    assert {record.topic for record in broker.taken} == {"loyalty.purchases.v1"}
    assert [record.key for record in broker.taken] == [b"1", b"2"]
    assert dict(broker.taken[0].headers)["ce_type"] == b"loyalty.purchase.recorded.v1"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "not-json"),
        (b"[]", "no-envelope"),
        (b'{"specversion": "1.0", "id": "1", "source": "s", "type": "loyalty.purchase.vanished.v1", "data": {}}', "unknown-type"),
        (a_purchase(1, lines=[]), "wrong-schema: lines"),
        (a_purchase(1, currency="pounds"), "wrong-schema: currency"),
        (a_purchase(1, holder="9000123412341233"), "wrong-schema: holder"),
        (a_purchase(1, colour="red"), "wrong-schema: data.colour is no field of loyalty.purchase.recorded.v1"),
        (a_purchase(1, lines=[{"line_id": "1", "sku": "x", "paid_amount": 1, "price": 1}]), "data.lines.0.price is no field"),
        (b'{"specversion":"1.0","specversion":"1.0"}', "duplicate-key"),
        (b'"' + b"x" * MAX_LINE_BYTES + b'"', "too-large"),
    ],
)
def test_bad_line_is_named_with_its_reason(line: bytes, reason: str):
    broker = Broker()
    with pytest.raises(Failure) as failure:
        run(a_purchase(1) + b"\n" + line + b"\n" + a_purchase(3), broker)
    assert failure.value.what.startswith("Line 2: ")
    assert reason in failure.value.what
    assert broker.ids() == ["r-1"]


def test_event_of_another_topic_is_refused_when_a_topic_is_given():
    with pytest.raises(BadPiece, match="wrong-topic"):
        LineReader("loyalty.activities.v1")(Piece(1, a_purchase(1)))


def test_bad_lines_are_skipped_and_counted_when_told_so():
    broker = Broker()
    result = run(b"\n".join([a_purchase(1), b"{", a_purchase(3), b"nonsense"]), broker, skip_bad=True)
    assert broker.ids() == ["r-1", "r-3"]
    assert (result.published, result.skipped) == (2, 2)
    assert [line for line, _ in result.bad] == [2, 4]


@settings(max_examples=15, deadline=None)  # each example is two whole publications
@given(enough=st.integers(0, 1_500), bad=st.sets(st.integers(0, 1_199), max_size=5))
def test_running_again_goes_on_where_acknowledgements_ended(tmp_path_factory: pytest.TempPathFactory, enough: int, bad: set[int]):
    lines = [b"{" if number in bad else a_purchase(number) for number in range(1_200)]
    side = SideFile.beside(tmp_path_factory.mktemp("run") / "events.jsonl", broker="one")
    first, second = Broker(enough), Broker()
    try:
        run(b"\n".join(lines), first, side=side, skip_bad=True)
    except Failure:
        result = run(b"\n".join(lines), second, side=side, skip_bad=True)
        assert result.resumed == len(first.taken)
    assert first.ids() + second.ids() == [f"r-{number}" for number in range(1_200) if number not in bad]
    assert not side.path.exists()


def test_mended_line_is_published_next_and_nothing_before_it_again(tmp_path: Path):
    side = SideFile.beside(tmp_path / "events.jsonl", broker="one")
    first, second = Broker(), Broker()
    with pytest.raises(Failure, match="Line 2") as failure:
        run(a_purchase(1) + b"\n{", first, side=side)
    assert "1 events before it are published" in failure.value.advice
    run(a_purchase(1) + b"\n" + a_purchase(2), second, side=side)
    assert second.ids() == ["r-2"]


def test_another_broker_gets_everything(tmp_path: Path):
    first, second = Broker(), Broker()
    with pytest.raises(Failure):
        run(a_purchase(1) + b"\n{", first, side=SideFile.beside(tmp_path / "e", broker="one"))
    run(a_purchase(1), second, side=SideFile.beside(tmp_path / "e", broker="two"))
    assert second.ids() == ["r-1"]


def test_changed_beginning_is_refused_with_advice(tmp_path: Path):
    side = SideFile.beside(tmp_path / "events.jsonl", broker="one")
    with pytest.raises(Failure):
        run(a_purchase(1) + b"\n{", Broker(), side=side)
    with pytest.raises(Failure, match="differently") as failure:
        run(a_purchase(7) + b"\n" + a_purchase(2), Broker(), side=side)
    assert str(side.path) in failure.value.advice


def holder_of(kind: str, value: str) -> str:
    assert (kind, value) == ("card", "9000 1234 1234 1233")
    return CARD_HASH


def read_csv(text: str, *, changes: dict | None = None) -> list[Record]:
    mapping = read_mapping(EXAMPLES / "receipts.mapping.yaml").model_copy(update=changes or {})
    reader = RowReader(Converter(mapping, holder_of))
    return [reader(piece) for piece in pieces_of_csv(io.BytesIO(text.encode()), delimiter=mapping.delimiter, group_by=mapping.group_by)]


def test_example_receipts_become_purchases():
    first, second = (decode(record) for record in read_csv((EXAMPLES / "receipts.csv").read_text()))
    assert (first.id, first.source) == ("receipt-1041", "urn:corner-shop:till-export")
    assert first.data.holder == CARD_HASH
    assert [(line.line_id, line.quantity, line.paid_amount) for line in first.data.lines] == [("1", 2000, 700), ("2", 1000, 280)]
    assert first.data.occurred_at.isoformat() == "2026-11-02T14:12:00+00:00"
    assert second.data.holder is None
    assert second.data.lines[0].category == "drink"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("7.00", "7.005"), "paid_amount: '7.005' is no money"),
        (("7.00", "free"), "paid_amount: 'free' is no money"),
        (("2026-11-02,09:12", "2.11.2026,09:12"), "is no time"),
        (("Croissant,bakery", "Croissant, plain,bakery"), "10 cells under 9 columns"),
    ],
)
def test_row_that_fits_no_field_is_refused_with_its_reason(change: tuple[str, str], reason: str):
    with pytest.raises(BadPiece, match=reason.replace("(", r"\(")):
        read_csv((EXAMPLES / "receipts.csv").read_text().replace(*change))


def test_mapping_that_names_no_column_or_no_conversion_says_so():
    with pytest.raises(BadPiece, match="no column basket; the columns are receipt"):
        read_csv((EXAMPLES / "receipts.csv").read_text(), changes={"event_id": "{basket}"})
    with pytest.raises(BadPiece, match="the mapping knows money"):
        read_csv((EXAMPLES / "receipts.csv").read_text(), changes={"data": {"merchant": {"colour": "red"}}})


def test_file_that_is_no_mapping_is_refused_with_the_place(tmp_path: Path):
    file = tmp_path / "m.yaml"
    file.write_text("type: x\nsource: y\nevent_id: z\ndata: {}\ncolour: red\n")
    with pytest.raises(Failure, match="colour"):
        read_mapping(file)


def test_piece_of_several_rows_begins_at_its_first_line():
    text = 'a,b\n1,"two\nlines"\n1,x\n\n2,y\n'
    pieces = list(pieces_of_csv(io.BytesIO(text.encode()), delimiter=",", group_by="a"))
    assert [(piece.line, len(orjson.loads(piece.content))) for piece in pieces] == [(2, 2), (6, 1)]
    assert [piece.line for piece in pieces_of_csv(io.BytesIO(text.encode()), delimiter=",", group_by=None)] == [2, 4, 6]


def test_csv_without_the_grouping_column_or_in_another_encoding_is_refused():
    with pytest.raises(Failure, match="no column receipt"):
        list(pieces_of_csv(io.BytesIO(b"a,b\n1,2\n"), delimiter=",", group_by="receipt"))
    with pytest.raises(Failure, match="Line 2 is not UTF-8"):
        list(pieces_of_csv(io.BytesIO(b"a,b\n\xe9,2\n"), delimiter=",", group_by=None))


def test_rate_is_held():
    async def timed() -> float:
        loop = asyncio.get_running_loop()
        content = b"\n".join(a_purchase(number) for number in range(10))
        plan = Plan(pieces_of_jsonl(io.BytesIO(content)), LineReader(), None, skip_bad=False, rate=100.0)
        started = loop.time()
        await publish(plan, send=Broker().send, advance=unseen)
        return loop.time() - started

    assert asyncio.run(timed()) >= 0.04


def test_identifiers_are_hashed_in_the_normal_form_that_members_knows(tmp_path: Path):
    keys = make_keys(tmp_path)
    hasher = Hasher(keys.folder)
    card = identifier_hash(key=identifier_key(keys.identifier("card").read_text()), kind="card", normal_form="9000123412341233")
    assert hasher.holder_of("card", "9000 1234-1234 1233") == card
    assert hasher.holder_of("phone", "8 916 123-45-67") == hasher.holder_of("phone", "+79161234567")
    for kind, mistyped in (("card", "9000 1234 1234 1234"), ("card", "4276 1234 1234 1231"), ("phone", "12"), ("email", "ana"), ("passport", "1")):
        with pytest.raises(ValueError, match=r"."):
            hasher.holder_of(kind, mistyped)
