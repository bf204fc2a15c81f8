"""How the gateway is put together."""

import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

import orjson
from fastapi import APIRouter
from fastapi.middleware.cors import CORSMiddleware
from joserfc.jwk import OKPKey
from starlette.middleware import Middleware

from gateway import api, pages
from gateway.api.document import document
from gateway.api.events import MAX_BODY_BYTES as MAX_EVENTS_BYTES
from gateway.api.events import PATH as EVENTS
from gateway.api.parts import Gateway
from gateway.clients.accrual import Accrual
from gateway.clients.broker import Broker
from gateway.clients.members import Members
from gateway.clients.services import OwningService, connections_to
from gateway.clients.tokens import ServiceTokens
from gateway.settings import Settings
from shared.auth import Verifier, issue, read_private_key
from shared.clock import Clock, utc_now
from shared.kafka import Producer
from shared.service import Parts, Resources, run
from shared.service.api import version_of

NAME = "gateway"
#: What accrual takes, too: a cart of a thousand lines.
MAX_BODY_BYTES = 512 * 1024


def main(arguments: Sequence[str] = sys.argv[1:]) -> None:
    """Run the gateway, or print its OpenAPI document with `--openapi`."""
    if list(arguments) == ["--openapi"]:
        sys.stdout.write(openapi_text())
        return
    settings = Settings()
    run(name=NAME, settings=settings, migrations=None, assemble=partial(assemble, settings=settings))


def assemble(resources: Resources, *, settings: Settings) -> Parts:
    """Put the gateway together: one pooled client for each owner, closed at the end."""
    accrual = OwningService(name="accrual", connections=connections_to(settings.accrual.url, ca_file=settings.gateway.ca_file))
    members = OwningService(name="members", connections=connections_to(settings.members.url, ca_file=settings.gateway.ca_file))
    seconds = settings.gateway.command_seconds
    producer = Producer(settings.kafka, name=NAME, answer_seconds=seconds) if settings.kafka else None
    broker = Broker(producer, seconds=seconds)

    async def close() -> None:
        await accrual.close()
        await members.close()
        await broker.close()

    gateway = Gateway(
        accrual=Accrual(accrual),
        members=Members(members),
        broker=broker,
        tokens=tokens_of(read_private_key(settings.auth.private_key_file), audience=settings.auth.audience, issuer=settings.auth.issuer, clock=resources.clock),
        verifier=resources.verifier,
        query_seconds=settings.gateway.query_seconds,
        command_seconds=seconds,
    )
    return Parts(
        routers=routers_of(gateway),
        openapi_url="",
        max_body_bytes=MAX_BODY_BYTES,
        body_limits={EVENTS: MAX_EVENTS_BYTES},
        middleware=_cors(settings.gateway.cors_origins),
        close=close,
    )


def tokens_of(key: OKPKey, *, audience: str, issuer: str, clock: Clock) -> ServiceTokens:
    """Return the gateway's own tokens, signed by this key."""
    return ServiceTokens(issue=partial(issue, key, audience=audience, issuer=issuer), clock=clock)


def routers_of(gateway: Gateway) -> tuple[APIRouter, ...]:
    """Return everything the gateway serves: its operations, and the pages about them."""
    operations = api.routers(gateway)
    return (*operations, pages.routes(document(operations, version=version_of(NAME))))


def openapi_text() -> str:
    """Return the document as it is committed in `contracts/openapi/`. It depends on the code and on nothing else."""
    nobody = Verifier(key=OKPKey.generate_key("Ed25519"), audience="")
    service = OwningService(name="accrual", connections=connections_to("http://127.0.0.1"))
    gateway = Gateway(
        accrual=Accrual(service),
        members=Members(service),
        broker=Broker(None, seconds=1),
        tokens=tokens_of(nobody.key, audience="", issuer="", clock=utc_now),
        verifier=nobody,
        query_seconds=1,
        command_seconds=1,
    )
    written: dict[str, Any] = document(api.routers(gateway), version=version_of(NAME))
    return orjson.dumps(written, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _cors(origins: Sequence[str]) -> tuple[Middleware, ...]:
    """Let pages of these origins call. Tokens travel in a header, never in a cookie, so credentials stay out."""
    if not origins:
        return ()
    methods = ["GET", "POST"]
    allowed = ["authorization", "content-type", "idempotency-key", "if-none-match", "traceparent", "x-request-id"]
    return (
        Middleware(
            CORSMiddleware, allow_origins=list(origins), allow_methods=methods, allow_headers=allowed, expose_headers=["etag", "retry-after", "x-request-id"]
        ),
    )
