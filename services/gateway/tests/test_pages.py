"""The reference page: complete, small, safe, and nothing of it comes from elsewhere."""

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable
from hashlib import sha256
from html import escape
from html.parser import HTMLParser

import httpx
import orjson

from gateway.api import examples
from gateway.app import openapi_text
from gateway.pages import reference

from .builders import operations

OPERATIONS = operations(orjson.loads(openapi_text()))
Start = Callable[..., Awaitable[httpx.AsyncClient]]
VOID = {"meta", "link", "input", "br"}


class Outline(HTMLParser):
    """Collects what a page consists of, and notices what was opened and never closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.unlabelled: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.links += [value for name, value in attrs if name in {"href", "src", "action"} and value]
        if tag in {"input", "textarea"} and "label" not in self.open and "aria-label" not in given:
            self.unlabelled.append(str(given))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def test_the_page_shows_every_operation_and_fits_in_150_kb(gateway: httpx.AsyncClient):
    answer = await gateway.get("/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert len(answer.content) <= 150 * 1024
    page = Outline(answer.text)
    assert page.open == []
    assert {operation.said["operationId"] for operation in OPERATIONS} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert page.unlabelled == []
    assert "prefers-color-scheme: dark" in answer.text


def test_every_reply_of_every_operation_is_told_with_it_or_where_it_leads():
    page = reference.render(orjson.loads(openapi_text()))
    shared = page[page.index('id="refusals"') :]
    for operation in OPERATIONS:
        own = page[page.index(f'id="{operation.said["operationId"]}"') :].split("</details>", 1)[0]
        for status, reply in operation.said["responses"].items():
            row = f"<tr><td>{status}</td><td>{escape(reply['description'])}"
            assert row in own or (row in shared and f"{status}, " in own.split("<p>And ", 1)[1])


async def test_the_page_takes_nothing_from_elsewhere(gateway: httpx.AsyncClient):
    page = Outline((await gateway.get("/docs")).text)
    assert {link for link in page.links if not link.startswith("#")} == {"data:,", "/v1/openapi.json"}
    assert {link.removeprefix("#") for link in page.links if link.startswith("#")} <= set(page.ids)


async def test_only_the_pages_own_script_and_style_may_run(gateway: httpx.AsyncClient):
    answer = await gateway.get("/docs")
    policy = answer.headers["content-security-policy"]
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        inline = re.findall(rf"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL)
        allowed = [b64encode(sha256(each.encode()).digest()).decode() for each in inline]
        assert f"{directive} 'sha256-{allowed[0]}'" in policy
        assert len(allowed) == 1
    assert "default-src 'none'" in policy
    assert " style=" not in answer.text
    assert not re.search(r"<[^>]+ on[a-z]+=", answer.text)


def test_what_the_document_says_is_text_on_the_page_and_never_markup():
    document = orjson.loads(openapi_text())
    document["info"]["title"] = "<script>alert(1)</script>"
    operation = document["paths"]["/v1/me"]["get"]
    operation["summary"] = operation["description"] = '"><img src=x onerror=alert(1)>'
    operation["responses"]["200"]["content"]["application/json"]["example"] = {"x": "</pre><script>"}
    page = reference.render(document)
    assert "<img" not in page
    assert page.count("<script>") == 1


async def test_pages_of_other_origins_may_call_only_if_they_are_named(gateway: httpx.AsyncClient, gateway_with: Start):
    asks = {"origin": "https://shop.example", "access-control-request-method": "GET", "access-control-request-headers": "authorization"}
    path = f"/v1/members/{examples.ANA}/balance"
    assert "access-control-allow-origin" not in (await gateway.options(path, headers=asks)).headers
    named = await gateway_with(GATEWAY_CORS_ORIGINS="https://shop.example, https://club.example")
    allowed = await named.options(path, headers=asks)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, "https://shop.example")
    refused = await named.get(path, headers={"origin": "https://shop.example"})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "https://shop.example")
    assert "access-control-allow-origin" not in (await named.get(path, headers={"origin": "https://evil.example"})).headers
    assert "access-control-allow-credentials" not in allowed.headers
