"""Questions: typed answers, typed problems, and waiting for a verdict."""

from uuid import UUID

import pytest

from contracts.replies import EventVerdict
from contracts.requests import Cart, QuotedLine, QuoteRequest
from contracts.verdicts import Verdict
from gateway.api import examples
from loyalty_client import AccessError, ConflictError, Gateway, InvalidError, NotFoundError, ProblemError, UnavailableError, UndecidedError

from .builders import Answers, a_purchase, refuses, says

ANA = UUID(examples.ANA)
UNKNOWN = refuses(404, "unknown-event")


def verdict(name: str):
    return says({**examples.VERDICT, "verdict": name})


async def test_answers_are_the_models_of_the_contracts():
    """The answers are the examples of the gateway's own document."""
    server = Answers([says(examples.LOOK_UP), says(examples.BALANCE), says(examples.QUOTE), says(examples.PURCHASE), says(examples.PROGRAMME)])
    cart = QuoteRequest(purchase=Cart(merchant="m", currency="USD", lines=(QuotedLine(line_id="1", sku="tea", paid_amount=1),)))
    async with server.listening() as url, Gateway(url, "t") as gateway:
        found = await gateway.look_up("card", "4000123412341235")
        assert found.member is not None
        assert found.member.member_id == ANA
        assert (await gateway.balance(ANA)).accounts[0].balance.available == 240
        assert (await gateway.quote(cart)).points == 11
        assert (await gateway.why("corner-coffee", "1041")).revisions[0].verdict is Verdict.GRANTED
        assert (await gateway.programme("coffee/bonus")).version == 3
    assert [request.url.path for request in server.asked] == [
        "/v1/members/look-up",
        f"/v1/members/{ANA}/balance",
        "/v1/quotes",
        "/v1/purchases",
        "/v1/programmes/coffee/bonus",
    ]
    assert server.asked[-1].scope["raw_path"] == b"/v1/programmes/coffee%2Fbonus"


async def test_a_history_is_read_page_by_page_to_its_end():
    server = Answers([says(examples.HISTORY), says({**examples.HISTORY, "next": None})])
    async with server.listening() as url, Gateway(url, "t") as gateway:
        movements = [movement async for movement in gateway.history(ANA, programme="coffee-bonus")]
    assert [movement.points for movement in movements] == [12, 12]
    assert [dict(request.query_params) for request in server.asked] == [
        {"programme": "coffee-bonus"},
        {"programme": "coffee-bonus", "cursor": examples.CURSOR},
    ]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidError),
        (401, AccessError),
        (403, AccessError),
        (404, NotFoundError),
        (408, UnavailableError),
        (409, ConflictError),
        (413, InvalidError),
        (422, InvalidError),
        (429, UnavailableError),
        (500, UnavailableError),
        (503, UnavailableError),
    ],
)
async def test_each_problem_has_the_class_of_what_to_do(status: int, kind: type[ProblemError]):
    server = Answers([refuses(status, "some-code", detail="Why not.", retry_after="7")])
    async with server.listening() as url, Gateway(url, "t") as gateway:
        with pytest.raises(kind) as refused:
            await gateway.balance(ANA)
    problem = refused.value
    assert (problem.status, problem.code, problem.detail, problem.retry_after, problem.request_id) == (status, "some-code", "Why not.", 7, "r-1")
    assert str(problem) == f"{status} some-code: No Why not."


async def test_a_stranger_in_between_is_a_problem_too():
    server = Answers([says("<html>", status=502), says([1], status=418)])
    async with server.listening() as url, Gateway(url, "t") as gateway:
        with pytest.raises(UnavailableError, match="http-502"):
            await gateway.balance(ANA)
        with pytest.raises(InvalidError, match="http-418"):
            await gateway.balance(ANA)


async def test_a_verdict_is_waited_for_through_outages_and_until_it_is_final():
    server = Answers([UNKNOWN, refuses(503, "service-unavailable"), verdict("waiting"), verdict("reversed")])
    async with server.listening() as url, Gateway(url, "t") as gateway:
        found = await gateway.settled(a_purchase(1))
    assert found == EventVerdict.model_validate({**examples.VERDICT, "verdict": "reversed"})
    assert dict(server.asked[0].query_params) == {"source": "urn:shop:corner-shop", "event_id": "purchase/corner-shop/receipt-1/1"}


async def test_the_deadline_tells_what_was_known():
    async with Answers([UNKNOWN]).listening() as url, Gateway(url, "t") as gateway:
        assert await gateway.verdict(a_purchase(1)) is None
        with pytest.raises(UndecidedError, match="not decided yet") as undecided:
            await gateway.settled(a_purchase(1), deadline_seconds=0.2)
        assert undecided.value.last is None
    async with Answers([verdict("waiting")]).listening() as url, Gateway(url, "t") as gateway:
        with pytest.raises(UndecidedError, match="waiting"):
            await gateway.settled(a_purchase(1), deadline_seconds=0.2)


async def test_an_access_problem_ends_the_waiting_at_once():
    server = Answers([refuses(401, "token-invalid")])
    async with server.listening() as url, Gateway(url, "t") as gateway:
        with pytest.raises(AccessError):
            await gateway.settled(a_purchase(1))
    assert len(server.asked) == 1
