"""The services of a stack: how each is started, and where it answers."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from loyalty.stack.children import Program
from loyalty.stack.places import Places
from shared.local.keys import LocalKeys
from shared.local.ports import HOST, free_ports
from shared.postgres import ServiceUrls

AUDIENCE = "loyalty"
#: In the order in which they are shown; those with a database first.
WITH_DATABASE = ("accrual", "members")
SERVICES = (*WITH_DATABASE, "gateway")
#: The first four digits of the cards that members issues and knows, its own default.
CARD_PREFIX = "9000"
#: Where a phone number without a country code is from, its own default too.
REGION = "RU"
#: On a laptop that does everything at once, an answer may take longer than in production.
QUERY_SECONDS = "5"


@dataclass(frozen=True, slots=True)
class Plan:
    """A service to start, and its address."""

    program: Program
    url: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What services stand on."""

    bootstrap_servers: str
    databases: Mapping[str, ServiceUrls]
    keys: LocalKeys


def plans(ground: Ground, places: Places, *, gateway_port: int | None) -> dict[str, Plan]:
    """Say how to start each service, on free ports of 127.0.0.1."""
    ports = dict(zip(SERVICES, free_ports(None, None, gateway_port), strict=True))
    urls = {name: f"http://{HOST}:{port}" for name, port in ports.items()}
    return {
        name: Plan(
            Program(
                name=name,
                command=(sys.executable, "-m", name),
                environment={**_inherited(), **_common(ground, name, ports[name]), **_own(ground, name, urls)},
                log=places.logs / f"{name}.log",
            ),
            urls[name],
        )
        for name in SERVICES
    }


def _inherited() -> dict[str, str]:
    """Hand on what a process needs to run, and no setting of the shell that started us."""
    return {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "VIRTUAL_ENV"}}


def _common(ground: Ground, name: str, port: int) -> dict[str, str]:
    settings = {
        "ENV": "local",
        "HTTP_HOST": HOST,
        "HTTP_PORT": str(port),
        "AUTH_PUBLIC_KEY_FILE": str(ground.keys.jwt_public),
        "AUTH_AUDIENCE": AUDIENCE,
    }
    if name in ground.databases:
        urls = ground.databases[name]
        settings |= {"KAFKA_BOOTSTRAP_SERVERS": ground.bootstrap_servers, "DATABASE_URL": urls.app, "DATABASE_MIGRATION_URL": urls.owner}
    return settings


def _own(ground: Ground, name: str, urls: Mapping[str, str]) -> dict[str, str]:
    """Give each service its own keys, and the gateway the addresses of the others."""
    keys = ground.keys
    match name:
        case "members":
            return {
                "IDENTIFIERS_CARD_PREFIX": CARD_PREFIX,
                "IDENTIFIERS_REGION": REGION,
                **{f"IDENTIFIERS_{kind.upper()}_KEY_FILE": str(keys.identifier(kind)) for kind in ("card", "phone", "email")},
                "REGISTRATIONS_PRIVATE_KEY_FILE": str(keys.registrations_private),
                "PERSONAL_KEY_FILE": str(keys.personal),
                "TILL_PUBLIC_KEY_FILE": str(keys.till_public),
            }
        case "accrual":
            return {"ACCRUAL_ONE_STEP_PUBLICATION": "true"}
        case "gateway":
            return {
                "KAFKA_BOOTSTRAP_SERVERS": ground.bootstrap_servers,
                "ACCRUAL_URL": urls["accrual"],
                "MEMBERS_URL": urls["members"],
                "AUTH_PRIVATE_KEY_FILE": str(keys.jwt_private),
                "GATEWAY_QUERY_SECONDS": QUERY_SECONDS,
            }
        case _:
            return {}
