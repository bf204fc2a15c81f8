"""A programme changes by two people, and members are told in time of what they lose."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from accrual.domain.terms.words import LANGUAGES
from shared.auth import issue

from .builders import BREAD, NOON
from .conftest import KEY, Caller
from .test_api_programmes import YAML, version

PROPOSE = "/v1/programme-drafts"


async def ask(
    caller: Caller, path: str, body: str | None = None, *, by: str = "mara", key: str = "1", scopes: Sequence[str] = ("programmes:write", "programmes:approve")
) -> httpx.Response:
    token = issue(KEY, subject=by, scopes=scopes, audience="loyalty", now=caller.service.clock())
    headers = {"authorization": f"Bearer {token}", "idempotency-key": key, **YAML}
    return await caller.client.post(path, content=body, headers=headers)


async def proposed(caller: Caller, document: str, **who: Any) -> str:
    answer = await ask(caller, PROPOSE, document, **who)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["draft_id"]
    return found


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_draft_is_in_force_when_somebody_else_approved_it(caller: Caller):
    draft = await proposed(caller, version(2))
    assert (await caller.get("/v1/programmes/bread"))["version"] == 1
    assert [each["draft_id"] for each in (await caller.get(PROPOSE))["items"]] == [draft]
    answer = await ask(caller, f"{PROPOSE}/{draft}/approve", by="theo")
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    assert (await caller.get("/v1/programmes/bread", version=2))["document"]["version"] == 2
    assert (await caller.get(PROPOSE))["items"] == []
    shown = await caller.get(f"{PROPOSE}/{draft}")
    assert (shown["proposed_by"], shown["approved_by"]) == ("mara", "theo")


async def test_nobody_approves_what_they_proposed(caller: Caller):
    draft = await proposed(caller, version(2))
    assert code(await ask(caller, f"{PROPOSE}/{draft}/approve", by="mara")) == (403, "second-person")
    with pytest.raises(asyncpg.CheckViolationError):  # whatever a program says
        await caller.service.pool.execute("update programme_draft set approved_by = 'mara', approved_at = proposed_at")


async def test_who_may_only_write_may_not_approve(caller: Caller):
    draft = await proposed(caller, version(2))
    assert code(await ask(caller, f"{PROPOSE}/{draft}/approve", by="theo", scopes=["programmes:write"])) == (403, "scope-missing")


async def test_a_draft_lapses_after_a_day(caller: Caller):
    draft = await proposed(caller, version(2, starts="2025-04-11"))
    caller.service.clock.advance(days=1)
    assert (await caller.get(PROPOSE))["items"] == []
    assert code(await ask(caller, f"{PROPOSE}/{draft}/approve", by="theo")) == (409, "draft-lapsed")
    assert await proposed(caller, version(2, starts="2025-04-11"), key="2") != draft


async def test_a_draft_is_approved_once_however_many_approve(caller: Caller):
    draft = await proposed(caller, version(2))
    answers = await asyncio.gather(*(ask(caller, f"{PROPOSE}/{draft}/approve", by=f"theo-{number}") for number in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"draft-approved"}


async def test_asking_twice_is_asking_once(caller: Caller):
    draft = await proposed(caller, version(2))
    assert await proposed(caller, version(2)) == draft
    assert await proposed(caller, version(2), key="another") == draft  # the same document by the same person
    assert code(await ask(caller, PROPOSE, version(3))) == (422, "conflict")
    first, again = [await ask(caller, f"{PROPOSE}/{draft}/approve", by="theo") for _ in range(2)]
    assert first.json() == again.json()
    assert (await caller.client.post(PROPOSE, content=BREAD, headers=caller.headers())).json()["code"] == "key-missing"


async def test_what_cannot_be_published_is_no_draft(caller: Caller):
    assert code(await ask(caller, PROPOSE, BREAD)) == (409, "version-exists")
    answer = await ask(caller, PROPOSE, version(2).replace("per:", "pro:"))
    assert code(answer) == (422, "invalid-document")
    assert answer.json()["errors"][0]["line"]


async def test_a_draft_that_another_version_overtook_is_checked_again(caller: Caller):
    one, other = await proposed(caller, version(2)), await proposed(caller, version(2, rate="9.00"), key="2")
    assert (await ask(caller, f"{PROPOSE}/{other}/approve", by="theo")).status_code == 200
    assert code(await ask(caller, f"{PROPOSE}/{one}/approve", by="theo", key="2")) == (409, "version-exists")
    assert code(await ask(caller, f"{PROPOSE}/00000000-0000-4000-8000-000000000000/approve", by="theo", key="3")) == (404, "unknown-draft")


def promising(number: int, *, starts: str, rate: str = "10.00", notice: str = "30 days") -> str:
    return version(number, starts=starts, rate=rate) + f"notice: {notice}\n"


async def test_members_are_told_of_what_they_lose_before_it_begins(caller: Caller):
    await caller.service.publish(promising(2, starts="2025-03-11"))
    caller.service.clock.advance(days=1)
    answer = await ask(caller, PROPOSE, promising(3, starts="2025-04-05", rate="12.00"))
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["path"]) == (422, "effective_from")
    assert "members lose by earning/base/give/per, and were promised to be told 30 days before" in error["message"]
    earliest = (NOON + timedelta(days=32)).date()
    assert str(earliest) in error["advice"]
    draft = await proposed(caller, promising(3, starts=str(earliest), rate="12.00"), key="2")
    shown = await caller.get(f"{PROPOSE}/{draft}")
    assert shown["worse"]
    assert [(change["part"], change["worse"]) for change in shown["changes"] if change["part"].startswith("earning")] == [("earning/base", True)]


async def test_what_members_win_by_may_begin_tomorrow(caller: Caller):
    await caller.service.publish(promising(2, starts="2025-03-11"))
    caller.service.clock.advance(days=1)
    await proposed(caller, promising(3, starts="2025-03-13", rate="8.00"))


async def test_a_version_in_between_does_not_shorten_the_notice(caller: Caller):
    await caller.service.publish(promising(2, starts="2025-03-11"))
    caller.service.clock.advance(days=1)
    await caller.service.publish(promising(3, starts="2025-04-15", notice="1 days"))  # itself told in time
    assert code(await ask(caller, PROPOSE, promising(4, starts="2025-04-09", rate="12.00", notice="1 days")))[0] == 422
    answer = await ask(caller, PROPOSE, promising(4, starts="2025-04-16", rate="12.00", notice="1 days"), key="2")
    assert answer.status_code == 201, answer.text  # more than 30 days from now


async def test_a_transition_that_outlasts_the_notice_lets_a_lower_rate_begin_tomorrow(caller: Caller):
    await caller.service.publish(promising(2, starts="2025-03-11"))
    caller.service.clock.advance(days=1)
    until = "transition: {{existing: better_of, until: {}}}\n"
    slower = promising(3, starts="2025-03-13", rate="12.00")
    assert code(await ask(caller, PROPOSE, slower + until.format("2025-04-05"), key="2"))[0] == 422
    draft = await proposed(caller, slower + until.format("2025-04-12"), key="3")
    shown = await caller.get(f"{PROPOSE}/{draft}")
    assert (shown["worse"], shown["eased_until"]) == (True, "2025-04-12")
    assert [change["eased"] for change in shown["changes"] if change["worse"]] == [True]
    shorter = slower.replace("expiry: {after: 12", "expiry: {after: 10") + until.format("2025-04-12")
    refused = await ask(caller, PROPOSE, shorter, key="4")
    assert "members lose by expiry/after, and" in refused.json()["errors"][0]["message"]  # points live no longer by any transition


async def test_a_transition_is_kept_to_its_end_and_missed_by_nobody_afterwards(caller: Caller):
    until = "transition: {existing: better_of, until: 2025-04-12}\n"
    await caller.service.publish(promising(2, starts="2025-03-11"), promising(3, starts="2025-03-13", rate="12.00") + until)
    broken = await ask(caller, PROPOSE, promising(4, starts="2025-04-01", rate="12.00"))
    assert "members lose by transition, and" in broken.json()["errors"][0]["message"]
    caller.service.clock.advance(days=33)
    await proposed(caller, promising(4, starts="2025-04-13", rate="12.00"), key="2")


async def test_terms_are_served_in_each_language(caller: Caller):
    for language in LANGUAGES:
        terms = await caller.get("/v1/programmes/bread/terms", lang=language)
        parts = [paragraph["part"] for section in terms["sections"] for paragraph in section["paragraphs"]]
        assert {"earning/base", "effective_from"} <= set(parts)
        assert all(part in terms["markdown"] and part in terms["html"] for part in parts)
    assert await caller.refused("/v1/programmes/bread/terms", lang="de") == (422, "invalid-request")
    assert await caller.refused("/v1/programmes/coffee/terms") == (404, "unknown-programme")
