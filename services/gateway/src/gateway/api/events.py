"""A system that cannot speak Kafka publishes by HTTP."""

from typing import Any
from urllib.parse import unquote

import orjson
from fastapi import APIRouter, Request, Response

from contracts import structured
from contracts.replies import TakenEvents
from gateway.api import examples
from gateway.api.operations import Bodies, operation
from gateway.api.parts import Gateway
from gateway.api.replies import written
from gateway.handlers.events import take
from shared.problems import Problem

PATH = "/v1/events"
MAX_EVENTS = 500
MAX_BODY_BYTES = 1024 * 1024
JSON = "application/json"

_ENVELOPE = {"$ref": "#/components/schemas/CloudEvent"}
BODIES: dict[str, Any] = {
    structured.CONTENT_TYPE: {"schema": _ENVELOPE, "example": examples.EVENT},
    structured.BATCH_CONTENT_TYPE: {"schema": {"type": "array", "maxItems": MAX_EVENTS, "items": _ENVELOPE}, "example": [examples.EVENT]},
    JSON: {
        "schema": {"type": "object", "description": "Binary mode: the data alone; the attributes come in headers `ce-…`."},
        "example": examples.EVENT["data"],
    },
}
#: In structured mode the body says all of this.
HEADERS = [
    {"name": name, "in": "header", "required": False, "description": f"Binary mode only. {about}", "schema": {"type": "string"}}
    for name, about in (
        ("ce-specversion", "1.0"),
        ("ce-id", "With the source, names the event for ever; a repeat keeps it."),
        ("ce-source", "A stable URI of the store's system."),
        ("ce-type", "As `loyalty.purchase.recorded.v1`."),
        ("ce-time", "When the event was made; RFC 3339."),
    )
]
PROBLEMS = ("invalid-events", "too-many-events", "unsupported-media-type", "no-broker", "broker-unavailable")


def routes(gateway: Gateway) -> APIRouter:
    """Return the route that takes events."""
    router = APIRouter(tags=["events"])

    @router.post(
        PATH,
        response_model=TakenEvents,
        summary="Publish events",
        **operation(gateway.verifier, "events:write", status=202, reply=examples.TAKEN, body=Bodies(BODIES), parameters=HEADERS, problems=PROBLEMS),
    )
    async def events(request: Request) -> Response:
        """Publish one event, or up to 500 at once, in all at most 1 MiB: purchases, activities and registrations.

        202 means that every replica of the broker has all of them, not that they were decided: `/v1/verdicts` says what became of each.
        If one is not as its contract says, none is published. No Idempotency-Key is needed: the source and id of an event are its own,
        so send it again as often as you like, until you have seen a 202.
        """
        return written(await take(_bodies(request, await request.body()), broker=gateway.broker), status=202)

    return router


def _bodies(request: Request, body: bytes) -> list[bytes]:
    """Return each event of the request in structured mode."""
    match request.headers.get("content-type", "").partition(";")[0].strip().lower():
        case structured.CONTENT_TYPE:
            return [body]
        case structured.BATCH_CONTENT_TYPE:
            return _batch(body)
        case "application/json":
            return [_from_binary(request, body)]
        case _:
            detail = f"An event comes as {structured.CONTENT_TYPE}, several as {structured.BATCH_CONTENT_TYPE}, data alone with ce- headers as {JSON}."
            raise Problem(415, "unsupported-media-type", "This is no media type of events", detail)


def _batch(body: bytes) -> list[bytes]:
    found = orjson.loads(body or b"null")
    if not isinstance(found, list):
        raise Problem(422, "invalid-request", "The request is not valid", errors=[{"path": "body", "message": "A batch is a JSON array."}])
    if len(found) > MAX_EVENTS:
        raise Problem(413, "too-many-events", "There are too many events in the batch", f"At most {MAX_EVENTS} are taken at once; these are {len(found)}.")
    return [orjson.dumps(each) for each in found]


def _from_binary(request: Request, body: bytes) -> bytes:
    """Write down what came in headers and body as one object. Values of headers are percent-encoded, as the CloudEvents binding says."""
    given = [(name.removeprefix("ce-"), unquote(value)) for name, value in request.headers.items() if name.startswith("ce-")]
    if len(dict(given)) != len(given):
        raise Problem(422, "invalid-request", "The request is not valid", errors=[{"path": "header", "message": "A ce- header comes twice."}])
    return orjson.dumps({**dict(given), "data": orjson.loads(body or b"null")})
