"""What accrual has accepted can be replayed: `loyalty simulate` reads it with a role that may only read, and decides the same."""

import asyncio
from fractions import Fraction

import pytest

from accrual.domain.compiler import compile_document
from accrual.domain.document.reading import read
from contracts.purchases import Line
from loyalty.console import Failure
from loyalty.history.events import Brought, History
from loyalty.history.load import Reading, loaded
from loyalty.simulate.command import replayed

from .builders import ANAS_CARD, BREAD, a_purchase, an_activity, back, cancelled, returned
from .conftest import Service

TWO = (Line(line_id="1", sku="loaf", category="bread", paid_amount=100_00, quantity=2000), Line(line_id="2", sku="cake", category="cake", paid_amount=50_00))


def unseen(done: int, *, total: int | None = None) -> None:
    """Nobody looks at the progress."""


async def history_of(url: str, programme: str | None) -> History:
    """Read in a thread, as the command does: it has a loop of its own."""
    return await asyncio.to_thread(loaded, url, Reading(), programme=programme, advance=unseen)


async def test_a_replay_of_what_was_accepted_decides_what_was_decided(service: Service):
    await service.hear(a_purchase("p-1", lines=TWO), a_purchase("p-2", kopecks=30_00), a_purchase("p-3", holder=None), an_activity())
    await service.hear(returned("p-1", back(50_00, line="2")), cancelled("p-2"))
    history = await history_of(service.database.urls.verify, "bread")
    assert len(history.purchases) == 3
    assert {event.customer is None for event in history.purchases} == {True, False}
    assert sum(isinstance(event, Brought) for event in history.events) == 2
    document = BREAD.replace("  - {id: welcome, on: registration, give: {fixed: 100}}\n", "")  # she has never registered
    outcome = replayed(compile_document(read(document)), history, Fraction(1), title="")
    ((_, available),) = [points for (holder, _), points in (await service.balances()).items() if holder == ANAS_CARD]
    assert outcome.issued - outcome.taken_back == available
    assert (await history_of(service.database.urls.verify, None)).purchases == history.purchases


async def test_a_database_that_cannot_be_read_says_so_without_its_password():
    with pytest.raises(Failure) as failure:
        await history_of("postgresql://verify:secret@127.0.0.1:1/accrual", "bread")
    assert "127.0.0.1/accrual" in failure.value.what
    assert "secret" not in failure.value.what + failure.value.advice
