from datetime import timedelta

from .builders import ANA, BORIS, NOON, PROGRAMME, a_card, a_phone, holder_of, proven
from .canaries import canaries_in
from .conftest import ALL, Caller
from .test_rewards import granted


async def test_an_identifier_is_resolved_however_it_is_typed(caller: Caller):
    await caller.service.hear(proven("r-1", *ANA.all).event())
    ((member_id,),) = await caller.service.fetch("select member_id from member")
    answers = [await caller.ask("POST", "/v1/identifiers/resolve", {"kind": "phone", "value": typed}) for typed in ("+79161234567", "8 916 123 45 67")]
    assert [answer.json() for answer in answers] == [{"identifier": holder_of(ANA.phone), "member_id": str(member_id)}] * 2
    by_hash = await caller.ask("GET", f"/v1/identifiers/{holder_of(ANA.email)}")
    assert by_hash.json() == {"identifier": holder_of(ANA.email), "member_id": str(member_id)}
    unknown = await caller.ask("GET", f"/v1/identifiers/{holder_of(BORIS.email)}")
    assert (unknown.status_code, unknown.json()["member_id"]) == (200, None)
    herself = await caller.ask("GET", f"/v1/identifiers/m:{member_id}")
    assert herself.json()["member_id"] == str(member_id)


async def test_a_member_is_shown_without_anything_personal(caller: Caller):
    await caller.service.hear(proven("r-1", *ANA.all).event(), proven("r-2", ANA.phone).event(programme="cafe"))
    ((member_id,),) = await caller.service.fetch("select member_id from member")
    shown = await caller.ask("GET", f"/v1/members/{member_id}")
    member = shown.json()
    links = {link["identifier"]: link["kind"] for link in member.pop("identifiers")}
    assert links == {holder_of(typed): typed[0] for typed in ANA.all}
    assert member == {
        "member_id": str(member_id),
        "status": "active",
        "language": "en",
        "programmes": ["cafe", PROGRAMME],
        "registered_at": "2025-03-10T12:00:00Z",
    }
    assert canaries_in(shown.content) == []
    nobody = await caller.ask("GET", "/v1/members/00000000-0000-4000-8000-000000000000")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "unknown-member")


async def test_a_guest_is_told_what_waits_and_what_to_do(caller: Caller):
    guest = a_card(77)
    await caller.service.hear(granted(1, holder=holder_of(guest), pending=40, available=200, expires_at=NOON + timedelta(days=52)))
    answer = await caller.ask("POST", "/v1/guests/waiting", {"programme": PROGRAMME, "identifier": {"kind": "card", "value": guest[1]}})
    told = answer.json()
    assert len(told.pop("steps")) == 3
    assert told == {"programme": PROGRAMME, "points": {"pending": 40, "available": 200}, "register_by": "2025-05-01"}
    by_hash = await caller.ask("POST", "/v1/guests/waiting", {"programme": PROGRAMME, "holder": holder_of(guest)})
    assert by_hash.json()["points"] == {"pending": 40, "available": 200}
    nothing = await caller.ask("POST", "/v1/guests/waiting", {"programme": "cafe", "holder": holder_of(guest)})
    assert (nothing.json()["points"], nothing.json()["register_by"]) == ({"pending": 0, "available": 0}, None)


async def test_what_waits_is_not_told_for_a_number_anybody_can_type(caller: Caller):
    answer = await caller.ask("POST", "/v1/guests/waiting", {"programme": PROGRAMME, "identifier": {"kind": "phone", "value": a_phone(1)[1]}})
    assert (answer.status_code, answer.json()["code"]) == (422, "possession-needed")


async def test_what_became_of_a_registration_can_be_asked(caller: Caller):
    await caller.service.hear(proven("r-1", ANA.phone).event("shown"))
    found = await caller.ask("GET", "/v1/verdicts?source=urn:store:1&event_id=shown")
    assert found.json() == {"source": "urn:store:1", "event_id": "shown", "verdict": "applied", "reason": None, "decided_at": "2025-03-10T12:00:00Z"}
    assert (await caller.ask("GET", "/v1/verdicts?source=urn:store:1&event_id=never")).json()["code"] == "unknown-event"
    assert (await caller.ask("GET", "/v1/verdicts?source=a%00b&event_id=never")).status_code == 422


async def test_each_route_wants_its_scope(caller: Caller):
    for method, path, body, scope in (
        ("POST", "/v1/identifiers/resolve", {"kind": "phone", "value": "+79161234567"}, "identifiers:resolve"),
        ("GET", f"/v1/identifiers/{'h1:' + 'A' * 43}", None, "identifiers:resolve"),
        ("GET", "/v1/members/00000000-0000-4000-8000-000000000000", None, "members:read"),
        ("POST", "/v1/guests/waiting", {"programme": "club", "holder": "h1:" + "A" * 43}, "guests:read"),
        ("GET", "/v1/verdicts?source=s&event_id=e", None, "verdicts:read"),
    ):
        without = await caller.ask(method, path, body, scopes=set(ALL) - {scope})
        assert (without.status_code, without.json()["code"]) == (403, "scope-missing")
        assert (await caller.ask(method, path, body, scopes=[scope])).status_code in {200, 404}
        assert (await caller.client.request(method, path, json=body)).status_code == 401


async def test_a_refusal_repeats_nothing_that_was_typed(caller: Caller):
    resolve, guest = "/v1/identifiers/resolve", "/v1/guests/waiting"
    for path, body in (
        (resolve, {"kind": "phone", "value": "canary@nowhere"}),
        (resolve, {"kind": "canary@nowhere", "value": "x"}),
        (resolve, {"kind": "email", "value": "canary@nowhere" * 40}),
        (resolve, {"kind": "email", "value": ["canary@nowhere"]}),
        (guest, {"programme": "club", "holder": "canary@nowhere"}),
        (guest, {"programme": "club", "phone": "canary@nowhere"}),
    ):
        answer = await caller.ask("POST", path, body)
        assert answer.status_code == 422
        assert canaries_in(answer.content) == []
