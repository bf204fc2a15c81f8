import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from joserfc.jwk import OKPKey

from contracts.envelope import Event
from contracts.identifiers import member_holder
from contracts.members import IdentifierLinked, MemberRegistered
from contracts.registrations import ConsentGiven
from shared.inbox import verdict_of

from .builders import ANA, BORIS, NOON, PROGRAMME, TERMS, a_card, a_form, a_phone, a_proof, holder_of, proven
from .conftest import NewService, Service

INVITER = member_holder(UUID(int=0xA, version=4))


async def verdicts(service: Service, *events: Event[Any]) -> list[str]:
    outcomes = await service.hear(*events)
    return [f"{outcome.verdict} {outcome.reason or ''}".strip() for outcome in outcomes]


async def links(service: Service) -> dict[str, str]:
    return {identifier: str(member) for identifier, member in await service.fetch("select identifier, member_id from link where released_at is null")}


async def test_a_tills_proof_makes_a_member_whose_identifiers_are_known_to_all(service: Service):
    assert await verdicts(service, proven("r-1", *ANA.all).event()) == ["applied"]
    (registered,) = map(MemberRegistered.model_validate_json, await service.said(MemberRegistered.type))
    linked = [IdentifierLinked.model_validate_json(body) for body in await service.said(IdentifierLinked.type)]
    assert (registered.programme, registered.registered_at, registered.language) == (PROGRAMME, NOON, "en")
    assert {link.identifier: link.kind for link in linked} == {holder_of(typed): typed[0] for typed in ANA.all}
    assert {link.member_id for link in linked} == {registered.member_id}
    assert len({link.link_version for link in linked}) == 3
    keys = await service.fetch("select distinct aggregateid from outbox")
    assert keys == [(member_holder(registered.member_id).encode(),)]


async def test_who_invited_somebody_is_told_once_they_are_a_member_and_only_with_the_membership(service: Service):
    friend = proven("r-1", *BORIS.all, person=BORIS, extra={"referred_by": INVITER})
    assert await verdicts(service, replace(friend, proven=()).event("e-1")) == ["waiting"]
    assert await service.said(MemberRegistered.type) == []
    again = proven("r-2", *BORIS.all, a_card(7), person=BORIS, extra={"referred_by": holder_of(ANA.phone)})
    assert await verdicts(service, friend.event("e-2"), again.event()) == ["applied", "applied"]
    (registered,) = map(MemberRegistered.model_validate_json, await service.said(MemberRegistered.type))
    assert registered.referred_by == INVITER


async def test_a_new_member_without_a_card_is_given_one(service: Service):
    await service.hear(proven("r-1", ANA.phone).event())
    kinds = await service.fetch("select kind from link order by link_version")
    assert kinds == [("phone",), ("card",)]


async def test_a_card_that_was_ever_somebodys_is_not_given_out_again(service: Service, new_service: NewService):
    form = proven("r-1", ANA.phone)
    await service.hear(form.event())
    ((drawn,),) = await service.fetch("select identifier from link where kind = 'card'")
    unlucky = await new_service()
    await unlucky.hear(proven("r-0", BORIS.card).event())
    await unlucky.fetch("insert into link select 1000, $1, 'card', member_id, now(), null, 1001, now() from member", drawn)
    await unlucky.hear(form.event())
    cards = {card for (card,) in await unlucky.fetch("select identifier from link where kind = 'card' and released_at is null")}
    assert len(cards - {holder_of(BORIS.card)}) == 1
    assert drawn not in cards


async def test_the_same_registration_under_any_event_id_counts_once(service: Service):
    form = proven("r-1", *ANA.all)
    assert await verdicts(service, form.event("a"), form.event("a"), form.event("b")) == ["applied", "duplicate", "duplicate"]
    assert await verdicts(service, form.event("a"), form.event("c")) == ["duplicate", "duplicate"]
    assert len(await service.said(MemberRegistered.type)) == 1


async def test_a_replay_into_an_empty_database_says_the_same_events(service: Service, new_service: NewService):
    other = await new_service()
    events = [proven("r-1", ANA.phone).event(), a_form("r-2", BORIS.email).event(), proven("r-2", BORIS.email).event("r-2 proven")]
    for each in (service, other):
        await each.hear(*events)
    query = "select id, type, aggregateid, payload from outbox order by sequence"
    assert await service.fetch(query) == await other.fetch(query) != []


async def test_a_registration_without_proof_waits_and_is_applied_once_proven(service: Service):
    assert await verdicts(service, a_form("r-1", *ANA.all).event("typed")) == ["waiting"]
    assert await service.said(MemberRegistered.type) == []
    assert await verdicts(service, proven("r-1", *ANA.all).event("shown")) == ["applied"]
    async with service.pool.acquire() as connection:
        stored = await verdict_of(connection, "urn:store:1", "typed")
    assert stored is not None
    assert stored.verdict == "applied"
    assert await service.fetch("select count(*), count(sealed_submission) from attempt left join claim using (attempt)") == [(1, 0)]


async def test_a_registration_proven_in_the_batch_it_came_in_waits_no_more(service: Service):
    assert await verdicts(service, a_form("r-1", ANA.phone).event("typed"), proven("r-1", ANA.phone).event("shown")) == ["applied", "applied"]


async def test_what_was_not_proven_waits_sealed_for_its_own_proof(service: Service):
    form = replace(a_form("r-1", *ANA.all), proven=(ANA.phone,))
    assert await verdicts(service, form.event("one")) == ["applied"]
    assert await service.fetch("select identifier from claim order by 1") == [(name,) for name in sorted([holder_of(ANA.email), holder_of(ANA.card)])]
    assert await service.fetch("select count(sealed_submission) from attempt") == [(1,)]
    assert await verdicts(service, replace(form, proven=ANA.all).event("two")) == ["applied"]
    assert await service.fetch("select count(*) from claim") == [(0,)]
    assert set(await links(service)) >= {holder_of(typed) for typed in ANA.all}


async def test_a_member_joins_another_programme_and_stays_one_member(service: Service):
    await service.hear(proven("r-1", ANA.phone, ANA.card).event())
    joining = proven("r-2", ANA.phone, ANA.email).event(programme="cafe")
    assert await verdicts(service, joining) == ["applied"]
    assert await service.fetch("select count(*) from member") == [(1,)]
    assert await service.fetch("select programme from membership order by 1") == [("cafe",), (PROGRAMME,)]
    assert len(set((await links(service)).values())) == 1


async def test_identifiers_proven_of_two_members_are_refused(service: Service):
    await service.hear(proven("r-1", ANA.phone).event(), proven("r-2", BORIS.email, person=BORIS).event())
    assert await verdicts(service, proven("r-3", ANA.phone, BORIS.email).event()) == ["refused two-members"]


async def test_a_refusal_names_every_reason(service: Service):
    form = a_form("r-1", ANA.card, ("phone", "+7 495 123 45 67"), ("email", "nobody"), consents=())
    expired = a_proof("r-1", [holder_of(ANA.card)], at=NOON - timedelta(days=1))
    event = form.event(proof=expired)
    assert await verdicts(service, event) == ["refused bad-email,no-processing-consent,no-terms-consent,phone-landline,proof-expired"]
    assert await service.fetch("select count(*) from attempt") == [(0,)]


async def test_only_a_trusted_tills_statement_about_this_registration_is_proof(service: Service):
    seen = [holder_of(ANA.phone)]
    stranger = OKPKey.generate_key("Ed25519")
    bad = {
        "proof-invalid": [
            a_proof("r-1", seen, key=stranger),
            a_proof("r-1", seen, aud="loyalty-gateway"),
            a_proof("r-1", seen, iss="store:7"),
            a_proof("r-1", seen, exp=None),
            "no.token.at-all",
        ],
        "proof-mismatch": [a_proof("r-2", seen), a_proof("r-1", [holder_of(BORIS.phone)])],
    }
    for reason, proofs in bad.items():
        for proof in proofs:
            event = a_form("r-1", ANA.phone).event(f"{reason} {proof[-9:]}", proof=proof)
            assert await verdicts(service, event) == [f"refused {reason}"]


async def test_what_cannot_be_decrypted_is_dead_lettered_and_its_neighbours_are_not(service: Service):
    broken = a_form("r-2", BORIS.phone).event(personal="eyJhbGciOiJub25lIn0.AAAA.AAAA.AAAA.AAAA")
    lying = a_form("r-3", BORIS.email).event(identifier=holder_of(ANA.email))
    events = [proven("r-1", ANA.phone).event(), broken, lying, a_form("r-4", BORIS.card).event()]
    assert await verdicts(service, *events) == ["applied", "dead-lettered undecryptable", "dead-lettered key-mismatch", "waiting"]
    assert await service.fetch("select count(*) from outbox where aggregatetype = 'loyalty.registrations.v1.members.dlq'") == [(2,)]


async def test_consents_are_kept_with_what_brought_them_once_a_member_stands_behind_them(service: Service):
    advertising = ConsentGiven(kind="advertising", text_version="ads-1", channel="email")
    await service.hear(a_form("r-1", ANA.phone, consents=(*TERMS, advertising)).event("typed"))
    assert await service.fetch("select count(*) from consent") == [(0,)]
    await service.hear(proven("r-1", ANA.phone, consents=(*TERMS, advertising)).event("shown"), proven("r-1", ANA.phone).event("again"))
    rows = await service.fetch("select kind, channel, text_version, given_at, source from consent order by consent_id")
    assert rows == [
        ("terms", "any", "terms-3", NOON, "urn:store:1"),
        ("processing", "any", "processing-2", NOON, "urn:store:1"),
        ("advertising", "email", "ads-1", NOON, "urn:store:1"),
    ]


async def test_two_hundred_registrations_of_one_phone_make_one_member(service: Service):
    phone = a_phone(1)
    partitions = [[proven(f"r-{number}", phone).event() for number in range(start, 200, 8)] for start in range(8)]
    answers = await asyncio.gather(*(service.hear(*events, partition=partition) for partition, events in enumerate(partitions)))
    counted = [outcome.verdict for outcomes in answers for outcome in outcomes]
    assert (counted.count("applied"), counted.count("duplicate")) == (1, 199)
    assert await service.fetch("select count(*) from member") == [(1,)]
    assert len(await service.said(MemberRegistered.type)) == 1


async def test_two_hundred_registrations_without_proof_make_one_attempt(service: Service):
    partitions = [[a_form(f"r-{number}", a_phone(1)).event() for number in range(start, 200, 8)] for start in range(8)]
    await asyncio.gather(*(service.hear(*events, partition=partition) for partition, events in enumerate(partitions)))
    assert await service.fetch("select count(*) from attempt") == [(1,)]
    assert await service.fetch("select count(*) from claim") == [(1,)]


async def test_one_registration_sent_twice_at_once_with_nothing_in_common_is_still_one_member(service: Service):
    """Its two halves share no identifier to wait at, only the registration itself."""
    for number in range(20):
        halves = [proven(f"r-{number}", half(number)).event(f"{half.__name__} {number}") for half in (a_phone, a_card)]
        answers = await asyncio.gather(*(service.hear(event, partition=partition) for partition, event in enumerate(halves)))
        assert [outcome.verdict for (outcome,) in answers] == ["applied", "applied"]
    assert await service.fetch("select count(*) from member") == [(20,)]


async def test_crossing_registrations_of_the_same_people_end_the_same_whoever_is_first(service: Service):
    """Each partition brings the identifiers in another order; locks are taken in one, so nothing deadlocks."""
    people = [(a_phone(number), ("email", f"guest{number}@example.com")) for number in range(20)]
    forwards = [proven(f"f-{number}", *pair).event() for number, pair in enumerate(people)]
    backwards = [proven(f"b-{number}", *pair[::-1]).event() for number, pair in reversed(list(enumerate(people)))]
    await asyncio.gather(service.hear(*forwards, partition=0), service.hear(*backwards, partition=1))
    assert await service.fetch("select count(*) from member") == [(20,)]
    assert await service.fetch("select count(*) from inbox where verdict = 'applied'") == [(20,)]
