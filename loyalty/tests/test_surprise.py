"""`loyalty surprise verify` draws a lot again from what was published."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from accrual.domain.rewards.surprises import commitment_of
from loyalty.console import Failure
from loyalty.main import command_line

SEED = bytes(range(32))
SHOWN = {"programme": "club", "surprise": "lucky", "chance": "99.9999%", "seed": SEED.hex()}
NOTED = commitment_of("club", "lucky", "99.9999%", SEED).hex()


def verify(folder: Path, shown: object, *options: str) -> Result:
    path = folder / "lucky.json"
    path.write_text(json.dumps(shown))
    return CliRunner().invoke(command_line("surprise"), ["surprise", "verify", str(path), *options])


def test_a_seed_that_was_promised_draws_again(tmp_path: Path):
    result = verify(tmp_path, SHOWN | {"commitment": NOTED}, "--merchant", "club", "--purchase", "1042", "--commitment", NOTED)
    assert (result.exit_code, result.stdout.splitlines()) == (
        0,
        ["The seed is the one that was promised.", "The lot fell on purchase 1042 of club, with a chance of 99.9999%."],
    )
    unlikely = SHOWN | {"chance": "0.0001%", "commitment": commitment_of("club", "lucky", "0.0001%", SEED).hex()}
    assert json.loads(verify(tmp_path, unlikely, "--merchant", "club", "--purchase", "1042", "--json").stdout) == {"faults": [], "lucky": False}
    assert json.loads(verify(tmp_path, unlikely, "--json").stdout) == {"faults": [], "lucky": None}


def test_another_seed_than_the_one_promised_is_found(tmp_path: Path):
    result = verify(tmp_path, SHOWN | {"seed": bytes(32).hex(), "commitment": NOTED}, "--json")
    assert isinstance(result.exception, Failure)
    assert (result.exception.code, len(json.loads(result.stdout)["faults"])) == (1, 1)


@pytest.mark.parametrize(("shown", "options"), [({"commitment": NOTED, "seed": None}, ()), ([], ()), (SHOWN | {"commitment": NOTED}, ("--merchant", "club"))])
def test_what_is_not_over_or_half_named_cannot_be_checked(tmp_path: Path, shown: object, options: tuple[str, ...]):
    result = verify(tmp_path, shown, *options)
    assert isinstance(result.exception, Failure)
    assert result.exception.code == 2
