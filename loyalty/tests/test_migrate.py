"""Balances of another system: read, checked and added up before anything is changed."""

import json
from datetime import date
from pathlib import Path

import pytest

from loyalty.console import Failure
from loyalty.main import app
from loyalty.programme.balances import read_balances
from shared.local.keys import make_keys

BALANCES = """kind,identifier,points,expires_at
card,9000 0000 0000 0019,120,2027-06-30
card,9000 0000 0000 0019,30,
email,ben@example.org,50,2027-06-15T12:00:00+02:00
"""


def named(kind: str, typed: str) -> str:
    if kind not in {"card", "email"}:
        raise ValueError(f"{kind!r} is no kind")
    return f"{kind}:{typed}"


def written(folder: Path, text: str) -> Path:
    path = folder / "balances.csv"
    path.write_text(text)
    return path


def test_each_part_of_a_balance_keeps_its_own_end(tmp_path: Path):
    found = read_balances(written(tmp_path, BALANCES), named)
    assert (found.points, found.members, found.faults) == (200, 2, ())
    assert [row.expires_at for row in found.rows[:2]] == [date(2027, 6, 30), None]
    assert [row.name for row in found.rows] == ["2", "3", "4"]
    assert found.by_expiry() == {"for ever": 30, "until 2027-06": 170}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("card,1,-5,", "points: '-5' is no whole number"),
        ("card,1,0,", "brings nothing"),
        ("card,1,1.5,", "no whole number"),
        ("phone,1,5,", "'phone' is no kind"),
        ("card,1,5,tomorrow", "'tomorrow' is no date"),
        ("card,1,5,2027-06-30T12:00:00", "has no offset"),
    ],
)
def test_a_line_that_means_nothing_is_named(tmp_path: Path, line: str, message: str):
    found = read_balances(written(tmp_path, f"{BALANCES}{line}\n"), named)
    assert [(fault.line, message in fault.message) for fault in found.faults] == [(5, True)]
    assert found.points == 200


CARDS = """kind,identifier,level,level_until,spent,counted_on
card,9000 0000 0000 0019,gold,2027-12-31,,
card,9000 0000 0000 0027,,,1250000,2026-10-31
"""


def test_discount_cards_bring_their_levels_and_totals(tmp_path: Path):
    found = read_balances(written(tmp_path, CARDS), named)
    assert (found.points, found.totals, found.by_level(), found.by_expiry(), found.faults) == (0, 1_250_000, {"gold": 1}, {}, ())
    assert [row.as_json() for row in found.rows] == [
        {"name": "2", "holder": "card:9000 0000 0000 0019", "level": "gold", "level_until": "2027-12-31"},
        {"name": "3", "holder": "card:9000 0000 0000 0027", "spent": 1_250_000, "counted_on": "2026-10-31"},
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("card,1,,,,", "brings nothing"),
        ("card,1,,,12500.00,", "spent: '12500.00' is no whole number"),
        ("card,1,gold,soon,,", "level_until: 'soon' is no date"),
        ("card,1,,2027-12-31,5,", "level_until: there is nothing to which it belongs"),
        ("card,1,gold,,,2026-10-31", "counted_on: there is nothing to which it belongs"),
    ],
)
def test_a_level_or_total_that_means_nothing_is_named(tmp_path: Path, line: str, message: str):
    found = read_balances(written(tmp_path, f"{CARDS}{line}\n"), named)
    assert [(fault.line, message in fault.message) for fault in found.faults] == [(4, True)]


def test_two_rows_of_one_name_are_found(tmp_path: Path):
    found = read_balances(written(tmp_path, "row,holder,points\n7,h,5\n7,h,6\n"), named)
    assert [fault.message for fault in found.faults] == ["another row is called 7 too"]


def test_a_file_with_other_columns_is_refused(tmp_path: Path):
    with pytest.raises(Failure, match="has the columns card, points"):
        read_balances(written(tmp_path, "card,points\n1,5\n"), named)


def test_without_a_step_nothing_is_asked_of_anybody(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    make_keys(tmp_path / "keys")
    command = ["programme", "migrate", str(written(tmp_path, BALANCES)), "--programme", "club", "--name", "old", "--data", str(tmp_path), "--json"]
    with pytest.raises(SystemExit) as ended:
        app(command)
    assert not ended.value.code
    report = json.loads(capsys.readouterr().out)
    assert (report["rows"], report["members"], report["points"], report["faults"]) == (3, 2, 200, [])
    written(tmp_path, BALANCES + "card,not a card,5,\n")
    with pytest.raises(SystemExit) as ended:
        app(command)
    assert ended.value.code == 1
    assert [fault["line"] for fault in json.loads(capsys.readouterr().out)["faults"]] == [5]
