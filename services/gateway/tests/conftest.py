"""The gateway as its process makes it, between callers with tokens and owners that listen on this machine."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from contracts.cards import load_cards
from gateway.app import assemble
from gateway.settings import Settings
from shared.auth import Verifier, issue, read_private_key
from shared.clock import utc_now
from shared.kafka import create_topics
from shared.local.keys import LocalKeys, make_keys
from shared.service import Resources, build_api
from shared.service.api import Observed

from .builders import ACCRUAL, MEMBERS, Owner, listening

AUDIENCE = "loyalty"


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> LocalKeys:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def token(keys: LocalKeys) -> Callable[..., str]:
    """`token("accounts:read")`: a caller's token with these scopes."""
    key = read_private_key(keys.jwt_private)

    def make(*scopes: str, subject: str = "till-7") -> str:
        return issue(key, subject=subject, scopes=scopes, audience=AUDIENCE, now=utc_now())

    return make


@pytest.fixture(scope="session")
def bearer(token: Callable[..., str]) -> Callable[..., dict[str, str]]:
    """`bearer("accounts:read")`: the header that carries such a token."""
    return lambda *scopes, **who: {"authorization": f"Bearer {token(*scopes, **who)}"}


@pytest_asyncio.fixture(scope="session")
async def _owners() -> AsyncIterator[tuple[Owner, Owner]]:
    async with AsyncExitStack() as serving:
        pair = (Owner({}), Owner({}))
        for owner in pair:
            owner.url = await serving.enter_async_context(listening(owner))
        yield pair


@pytest.fixture(autouse=True)
def _as_new(_owners: tuple[Owner, Owner]) -> None:
    """Each test meets owners that know Ana, and have been asked nothing yet."""
    for owner, answers in zip(_owners, (ACCRUAL, MEMBERS), strict=True):
        owner.forget(answers)


@pytest.fixture(scope="session")
def accrual(_owners: tuple[Owner, Owner]) -> Owner:
    """A stand-in for accrual."""
    return _owners[0]


@pytest.fixture(scope="session")
def members(_owners: tuple[Owner, Owner]) -> Owner:
    """A stand-in for members."""
    return _owners[1]


@pytest_asyncio.fixture(scope="session")
async def gateway_with(keys: LocalKeys, accrual: Owner, members: Owner) -> AsyncIterator[Callable[..., Awaitable[httpx.AsyncClient]]]:
    """`await gateway_with(ACCRUAL_URL=…)`: the gateway with these settings, and a patience that a busy machine does not try."""
    ours = {
        "KAFKA_BOOTSTRAP_SERVERS": "",
        "ACCRUAL_URL": accrual.url,
        "MEMBERS_URL": members.url,
        "GATEWAY_QUERY_SECONDS": "10",
        "GATEWAY_COMMAND_SECONDS": "20",
    }
    auth = {"AUTH_AUDIENCE": AUDIENCE, "AUTH_PUBLIC_KEY_FILE": str(keys.jwt_public), "AUTH_PRIVATE_KEY_FILE": str(keys.jwt_private), "ENV": "local"}
    async with AsyncExitStack() as closing:

        async def start(**variables: str) -> httpx.AsyncClient:
            with pytest.MonkeyPatch.context() as environment:
                for name, value in {**ours, **auth, **variables}.items():
                    environment.setenv(name, value)
                client, close = make_gateway(Settings(), keys.jwt_public)
            closing.push_async_callback(close)
            return await closing.enter_async_context(client)

        yield start


@pytest_asyncio.fixture(scope="session")
async def topics(kafka: str) -> str:
    """A broker that has every topic."""
    await create_topics(kafka, load_cards())
    return kafka


@pytest_asyncio.fixture(scope="session")
async def gateway(gateway_with: Callable[..., Awaitable[httpx.AsyncClient]], topics: str) -> httpx.AsyncClient:
    """The gateway, with both owners and the broker well."""
    return await gateway_with(KAFKA_BOOTSTRAP_SERVERS=topics)


def make_gateway(settings: Settings, public_key: Path) -> tuple[httpx.AsyncClient, Callable[[], Awaitable[None]]]:
    resources: Any = Resources(pool=None, clock=utc_now, verifier=Verifier.from_file(public_key, AUDIENCE))  # type: ignore[arg-type]
    parts = assemble(resources, settings=settings)
    api = build_api(
        "gateway", parts.routers, openapi_url=parts.openapi_url, max_body_bytes=parts.max_body_bytes, body_limits=parts.body_limits, middleware=parts.middleware
    )
    assert parts.close is not None
    return httpx.AsyncClient(transport=httpx.ASGITransport(Observed(api)), base_url="http://gateway"), parts.close
