"""What the test fixtures promise."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.testing import A_MONDAY, NewDatabase, SettableClock, eventually


async def test_each_test_gets_a_fresh_migrated_database(database: NewDatabase, tmp_path: Path):
    (tmp_path / "t-0001-thing.sql").write_text("-- why\ncreate table thing (id int primary key); grant select, insert on thing to shared_app;")
    first, second = await database(tmp_path), await database(tmp_path)
    await first.pool.execute("insert into thing values (1)")
    assert await first.pool.fetchval("select count(*) from thing") == 1
    assert await second.pool.fetchval("select count(*) from thing") == 0


async def test_a_database_is_used_with_the_rights_of_the_service(database: NewDatabase, tmp_path: Path):
    (tmp_path / "t-0001-thing.sql").write_text("create table thing (id int primary key); grant select on thing to shared_app;")
    fresh = await database(tmp_path)
    with pytest.raises(Exception, match="permission denied"):
        await fresh.pool.execute("insert into thing values (1)")


def test_the_clock_stands_still_until_it_is_moved(clock: SettableClock):
    assert clock() == clock() == A_MONDAY
    assert (clock.advance(days=1, hours=2) - A_MONDAY).total_seconds() == 26 * 3600


async def test_waiting_returns_the_first_true_value_and_fails_at_the_deadline():
    values = iter([0, None, "here"])
    assert await eventually(lambda: next(values)) == "here"
    with pytest.raises(AssertionError, match="not within"):
        await eventually(lambda: False, deadline_seconds=0.1)


def test_the_broker_answers(kafka: str):
    assert kafka.count(":") == 1


def test_laws_meet_the_same_examples_on_every_run():
    met: list[int] = []

    @given(number=st.integers())
    def law(number: int) -> None:
        met.append(number)

    law()
    first = met.copy()
    met.clear()
    law()
    assert met == first
