"""The reference of the API as one page, rendered from the OpenAPI document, with nothing fetched from elsewhere."""

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files
from itertools import groupby
from string import Template
from typing import Any

Json = Mapping[str, Any]
#: Status and description of a reply.
Told = tuple[str, str]
#: What so many operations answer alike is told once.
_MANY = 15


def render(document: Json) -> str:
    """Write the reference page of an OpenAPI document."""
    operations = sorted(_operations(document), key=lambda operation: order(document, operation["tags"][0]))
    told = Counter(reply for operation in operations for reply in _told(operation["responses"]))
    shared = sorted(reply for reply, times in told.items() if times >= _MANY and not reply[0].startswith("2"))
    groups = [(tag, list(members)) for tag, members in groupby(operations, key=lambda operation: operation["tags"][0])]
    return Template(_text("reference.html")).substitute(
        title=escape(document["info"]["title"]),
        version=escape(document["info"]["version"]),
        description=escape(document["info"]["description"]),
        style=_text("reference.css"),
        script=_text("reference.js"),
        navigation="".join(_navigation(tag, members) for tag, members in groups),
        shared="".join(_row(*reply) for reply in shared),
        operations="".join(_section(tag, members, shared) for tag, members in groups),
    )


def policy() -> str:
    """Return the Content-Security-Policy that lets exactly this page's own style and script run, and talk to this server only."""
    allowed = {"style-src": f"'{_digest('reference.css')}'", "script-src": f"'{_digest('reference.js')}'", "connect-src": "'self'", "img-src": "data:"}
    refused = ("default-src", "base-uri", "frame-ancestors", "form-action")
    return "; ".join([f"{name} 'none'" for name in refused] + [f"{name} {source}" for name, source in allowed.items()])


def order(document: Json, tag: str) -> int:
    """Tags come in the order in which the document lists them."""
    return [entry["name"] for entry in document["tags"]].index(tag)


def _text(name: str) -> str:
    return files("gateway.pages").joinpath(name).read_text(encoding="utf-8")


def _digest(name: str) -> str:
    return "sha256-" + b64encode(sha256(_text(name).encode()).digest()).decode()


def _operations(document: Json) -> Iterator[dict[str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield {**operation, "method": method, "path": path}


def _navigation(tag: str, operations: list[dict[str, Any]]) -> str:
    items = "".join(f'<li><a href="#{escape(operation["operationId"])}">{escape(operation["summary"])}</a></li>' for operation in operations)
    return f"<h2>{escape(tag)}</h2><ul>{items}</ul>"


def _section(tag: str, operations: list[dict[str, Any]], shared: Collection[Told]) -> str:
    return f"<section><h2>{escape(tag)}</h2>{''.join(_operation(operation, shared) for operation in operations)}</section>"


def _operation(operation: Json, shared: Collection[Told]) -> str:
    method = operation["method"]
    return (
        f'<details class="operation" id="{escape(operation["operationId"])}"><summary>'
        f'<span class="method {method}">{method.upper()}</span><span class="path">{escape(operation["path"])}</span>'
        f'<span class="title">{escape(operation["summary"])}</span><span class="access">{escape(operation["x-access"])}</span></summary>'
        f'<div class="inside"><p>{escape(operation.get("description", ""))}</p>{_form(operation)}{_replies(operation["responses"], shared)}</div></details>'
    )


def _form(operation: Json) -> str:
    fields = "".join(_field(parameter) for parameter in operation.get("parameters", ()))
    body = ""
    if "requestBody" in operation:
        media_type, said = next(iter(operation["requestBody"]["content"].items()))
        body = f'<label class="wide">Body<textarea spellcheck="false" data-type="{media_type}">{_code(said["example"])}</textarea></label>'
    return (
        f'<form data-method="{operation["method"].upper()}" data-path="{escape(operation["path"])}">{fields}{body}'
        '<p><button>Send</button> <button class="second" type="button">Copy as curl</button></p><div class="answer" aria-live="polite"></div></form>'
    )


def _field(parameter: Json) -> str:
    name, place = escape(parameter["name"]), parameter["in"]
    value = escape(str(parameter.get("example", "")))
    needed = " required" if parameter.get("required") else ""
    about = f"<small>{escape(parameter['description'])}</small>" if "description" in parameter else ""
    return f'<label>{name}<input name="{name}" data-in="{place}" value="{value}"{needed}>{about}</label>'


def _replies(responses: Json, shared: Collection[Told]) -> str:
    own = [(status, response) for status, response in responses.items() if (status, response["description"]) not in shared]
    rows = "".join(_row(status, response["description"], _example(status, response)) for status, response in own)
    others = ", ".join(status for status, text in _told(responses) if (status, text) in shared)
    also = f'<p>And {others}, as <a href="#refusals">many operations answer</a>.</p>' if others else ""
    return f"<h3>Replies</h3><table>{rows}</table>{also}"


def _told(responses: Json) -> list[Told]:
    return [(status, response["description"]) for status, response in responses.items()]


def _row(status: str, description: str, example: str = "") -> str:
    return f"<tr><td>{status}</td><td>{escape(description)}{example}</td></tr>"


def _example(status: str, response: Json) -> str:
    example = response.get("content", {}).get("application/json", {}).get("example")
    if example is None or not status.startswith("2"):
        return ""
    return f'<pre tabindex="0">{_code(example)}</pre>'


def _code(example: Any) -> str:
    return escape(json.dumps(example, indent=1, ensure_ascii=False), quote=False)
