"""The audit: clean, damaged with the first row named, or unable to check; and never able to write."""

import json
from collections.abc import AsyncIterator, Iterator

import asyncpg
import psycopg
import pytest
from psycopg import sql

from loyalty.main import app
from loyalty.verify import command
from loyalty.verify.audit import ENOUGH_VIOLATIONS, Question, offered
from shared.checks import Check, Violation
from shared.ids import random_id
from shared.testing import Server


async def positive(connection: asyncpg.Connection) -> AsyncIterator[Violation]:
    for row in await connection.fetch("select number from numbers where number < 0 order by number"):
        yield Violation("I2", "numbers", str(row["number"]), "at least 0", str(row["number"]))


async def meddling(connection: asyncpg.Connection) -> AsyncIterator[Violation]:
    await connection.execute("delete from numbers")
    yield Violation("I3", "numbers", "", "", "")


TOY = (Question("toy", Check("I2", "numbers are positive", positive)), Question("toy", Check("I3", "nothing is deleted", meddling)))


@pytest.fixture
def numbers(postgres_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database of our own, with a table of numbers, and checks for it."""
    name = f"numbers_{random_id().hex}"
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        url = postgres_server.url.rsplit("/", 1)[0] + f"/{name}"
        put(url, "create table numbers (number integer)")
        monkeypatch.setattr(command, "offered", lambda: list(TOY))
        yield url
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def put(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def verify(url: str, *arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        app(["verify", "--database", f"toy={url}", *arguments])
    return int(ended.value.code or 0)


def test_clean_data_is_said_to_be_clean(numbers: str, capsys: pytest.CaptureFixture[str]):
    assert verify(numbers, "--invariant", "i2") == 0
    assert "Clean" in capsys.readouterr().out


def test_first_damaged_row_is_named(numbers: str, capsys: pytest.CaptureFixture[str]):
    put(numbers, "insert into numbers values (1), (-2), (-1)")
    assert verify(numbers, "--invariant", "I2") == 1
    assert "I2 is broken in toy.numbers, row -2: expected at least 0, found -2" in capsys.readouterr().out
    assert verify(numbers, "--invariant", "I2", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["clean"], found["violations"]) == (False, 2)
    assert found["first"] == {"invariant": "I2", "service": "toy", "table": "numbers", "key": "-2", "expected": "at least 0", "found": "-2"}


def test_a_check_stops_once_enough_is_found_unless_all_is_asked_for(numbers: str, capsys: pytest.CaptureFixture[str]):
    put(numbers, "insert into numbers select -n from generate_series(1, 250) as n")
    assert verify(numbers, "--invariant", "I2", "--json") == 1
    some = json.loads(capsys.readouterr().out)["invariants"][0]
    assert (some["violations"], some["counted_all"]) == (ENOUGH_VIOLATIONS, False)
    assert verify(numbers, "--invariant", "I2", "--json", "--all") == 1
    everything = json.loads(capsys.readouterr().out)["invariants"][0]
    assert (everything["violations"], everything["counted_all"]) == (250, True)


def test_audit_cannot_write_whatever_its_role_may_do(numbers: str, capsys: pytest.CaptureFixture[str]):
    put(numbers, "insert into numbers values (1)")
    assert verify(numbers, "--invariant", "I3") == 2
    assert "read-only" in capsys.readouterr().err
    with psycopg.connect(numbers) as connection:
        assert connection.execute("select count(*) from numbers").fetchone() == (1,)


def test_what_cannot_be_checked_is_no_clean_bill(numbers: str, capsys: pytest.CaptureFixture[str]):
    assert verify("postgresql://nobody@127.0.0.1:1/none") == 2
    assert "cannot be reached" in capsys.readouterr().err.replace("\n", " ")
    assert verify(numbers, "--database", f"silent={numbers}") == 2
    assert "silent offers no checks" in capsys.readouterr().err.replace("\n", " ")
    assert verify(numbers, "--invariant", "I99") == 2
    assert "Known here: I2, I3" in capsys.readouterr().err.replace("\n", " ")
    with pytest.raises(SystemExit) as ended:
        app(["verify", "--database", "toy"])
    assert ended.value.code == 2


def test_services_offer_checks_and_the_ledgers_invariants_come_first():
    found = offered()
    assert {question.service for question in found} == {"accrual", "members"}
    ids = [question.check.id for question in found]
    assert ids[:2] == ["I1", "I2"]
    assert ids.index("I2") < ids.index("I10") < ids.index("M1")
