"""`loyalty raffle verify` repeats a draw from what was published."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from accrual.domain.rewards.raffles import commitment_of, digest_of, published
from loyalty.console import Failure
from loyalty.main import command_line

SEED = bytes(range(32))
TICKETS = [f"ticket-{number:02}" for number in range(20)]
PROMISE = {
    "programme": "club",
    "raffle": "spring",
    "closes_at": "2026-03-31T21:00:00Z",
    "beacon_source": "the closing price",
    "beacon_at": "2026-04-01T15:45:00Z",
    "prizes": [{"reward": "bicycle", "count": 1}],
}
TIMES = {"committed_at": "2026-03-01T09:00:00Z", "closed_at": "2026-03-31T21:00:03Z", "drawn_at": "2026-04-01T16:00:00Z"}
NOTED = {"commitment": commitment_of(PROMISE, SEED).hex(), "digest": digest_of(TICKETS).hex()}


@pytest.fixture
def draw(tmp_path: Path) -> Path:
    """A draw of twenty tickets, as it was published."""
    return write(tmp_path, {**PROMISE, **TIMES, **NOTED, "tickets": TICKETS, **published(PROMISE, seed=SEED, beacon="1041.27", tickets=TICKETS)})


def write(folder: Path, told: Any) -> Path:
    path = folder / "draw.json"
    path.write_text(json.dumps(told))
    return path


def test_a_draw_that_is_what_was_promised_is_confirmed(draw: Path):
    result = CliRunner().invoke(command_line("raffle"), ["raffle", "verify", str(draw), "--commitment", NOTED["commitment"], "--digest", NOTED["digest"]])
    assert (result.exit_code, result.stdout.splitlines()[1:]) == (0, ["Yours to look up: the closing price was 1041.27."])
    assert result.stdout.startswith("The winners follow from the seed that was promised")
    assert "note commitment and digest" not in result.stderr


def test_a_winner_put_in_by_hand_is_found(draw: Path, tmp_path: Path):
    told = json.loads(draw.read_text())
    told["winners"] = [{"ticket": "ticket-07", "reward": "bicycle"}] if told["winners"][0]["ticket"] != "ticket-07" else []
    result = CliRunner().invoke(command_line("raffle"), ["raffle", "verify", str(write(tmp_path, told)), "--json"])
    assert isinstance(result.exception, Failure)
    assert (result.exception.code, json.loads(result.stdout)["faults"][0][:18]) == (1, "other tickets win:")


@pytest.mark.parametrize("text", ["", "[]", '{"commitment": "3f"}'])
def test_what_is_no_draw_cannot_be_checked(tmp_path: Path, text: str):
    path = tmp_path / "draw.json"
    path.write_text(text)
    result = CliRunner().invoke(command_line("raffle"), ["raffle", "verify", str(path)])
    assert isinstance(result.exception, Failure)
    assert result.exception.code == 2
