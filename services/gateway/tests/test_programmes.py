from collections.abc import Awaitable, Callable

import httpx

from gateway.api import examples
from gateway.api.recent import MAX_KEPT

from .builders import Owner, problem

Bearer = Callable[..., dict[str, str]]
Start = Callable[..., Awaitable[httpx.AsyncClient]]


async def test_programmes_are_asked_for_once_in_a_few_seconds(gateway_with: Start, bearer: Bearer, accrual: Owner):
    gateway = await gateway_with()
    answers = [await gateway.get("/v1/programmes", headers=bearer("programmes:read")) for _ in range(3)]
    assert [answer.json() for answer in answers] == [examples.PROGRAMMES] * 3
    assert len(accrual.asked) == 1
    assert answers[0].headers["cache-control"] == "private, max-age=3"


async def test_who_has_the_programme_already_is_told_so(gateway_with: Start, bearer: Bearer):
    gateway = await gateway_with()
    first = await gateway.get("/v1/programmes/coffee-bonus", headers=bearer("programmes:read"))
    for known in (first.headers["etag"], f'"x", W/{first.headers["etag"]}', "*"):
        again = await gateway.get("/v1/programmes/coffee-bonus", headers=bearer("programmes:read") | {"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    other = await gateway.get("/v1/programmes/coffee-bonus", headers=bearer("programmes:read") | {"if-none-match": '"other"'})
    assert other.json() == examples.PROGRAMME


async def test_a_kept_answer_is_only_for_who_may_ask(gateway_with: Start, bearer: Bearer):
    gateway = await gateway_with()
    await gateway.get("/v1/programmes", headers=bearer("programmes:read"))
    assert (await gateway.get("/v1/programmes", headers=bearer("accounts:read"))).status_code == 403
    assert (await gateway.get("/v1/programmes")).status_code == 401


async def test_versions_are_kept_apart_and_problems_not_at_all(gateway_with: Start, bearer: Bearer, accrual: Owner):
    gateway = await gateway_with()
    await gateway.get("/v1/programmes/coffee-bonus", headers=bearer("programmes:read"))
    await gateway.get("/v1/programmes/coffee-bonus?version=2", headers=bearer("programmes:read"))
    assert [request.url.query for request in accrual.asked] == ["", "version=2"]
    accrual.answers["GET /v1/programmes/tea"] = problem(404, "unknown-programme")
    for _ in range(2):
        assert (await gateway.get("/v1/programmes/tea", headers=bearer("programmes:read"))).json()["code"] == "unknown-programme"
    assert len(accrual.asked) == 4


async def test_so_many_answers_are_kept_and_no_more(gateway_with: Start, bearer: Bearer, accrual: Owner):
    gateway = await gateway_with()
    for version in [*range(1, MAX_KEPT + 2), 1]:
        await gateway.get(f"/v1/programmes/coffee-bonus?version={version}", headers=bearer("programmes:read"))
    assert len(accrual.asked) == MAX_KEPT + 2


async def test_terms_are_for_anybody_in_each_form(gateway_with: Start, accrual: Owner):
    gateway = await gateway_with()
    path = "/v1/programmes/coffee-bonus/terms"
    forms = {"json": "application/json", "markdown": "text/markdown; charset=utf-8", "html": "text/html; charset=utf-8"}
    answers = {form: await gateway.get(path, params={"lang": "ru", "format": form}) for form in forms}
    assert {form: answer.headers["content-type"] for form, answer in answers.items()} == forms
    assert answers["json"].json() == examples.TERMS
    assert (answers["markdown"].text, answers["html"].text) == ("# Coffee bonus", "<h1>Coffee bonus</h1>")
    assert "default-src 'none'" in answers["html"].headers["content-security-policy"]
    assert {request.url.query for request in accrual.asked} == {"lang=ru"}
    assert (await gateway.get(path, params={"lang": "de"})).status_code == 422
