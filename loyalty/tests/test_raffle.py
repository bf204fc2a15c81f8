"""`loyalty raffle verify` repeats a draw from what was published."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from accrual.domain.rewards.raffles import commitment_of, published
from loyalty.console import Failure
from loyalty.main import command_line

SEED = bytes(range(32))
NOTED = commitment_of("club", "spring", SEED)


@pytest.fixture
def draw(tmp_path: Path) -> Path:
    """A draw of twenty tickets, as it was published."""
    tickets = [f"ticket-{number}" for number in range(20)]
    told = published(programme="club", raffle="spring", commitment=NOTED, seed=SEED, beacon="", tickets=tickets, prizes=[("bicycle", 1)])
    return write(tmp_path, told)


def write(folder: Path, told: Any) -> Path:
    path = folder / "draw.json"
    path.write_text(json.dumps(told))
    return path


def test_a_draw_that_is_what_was_promised_is_confirmed(draw: Path):
    result = CliRunner().invoke(command_line("raffle"), ["raffle", "verify", str(draw), "--commitment", NOTED.hex()])
    assert (result.exit_code, result.stdout) == (0, "The winners follow from the seed that was promised, and from the tickets.\n")


def test_a_winner_put_in_by_hand_is_found(draw: Path, tmp_path: Path):
    told = json.loads(draw.read_text())
    told["winners"] = [{"ticket": "ticket-7", "reward": "bicycle"}] if told["winners"][0]["ticket"] != "ticket-7" else []
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
