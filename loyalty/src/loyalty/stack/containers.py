"""What `loyalty up` does besides starting processes, for containers to do one step each: keys, ground, programmes.

`python -m loyalty.stack.containers STEP`, in the order of docker-compose.yml, with the volume that holds what they share at `/stack`. Each step may be
repeated: what is there stays.
"""

import asyncio
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from contracts.cards import load_cards
from loyalty.stack.places import Places, project_root
from loyalty.stack.programmes import publish_all
from loyalty.stack.programs import WITH_DATABASE
from shared.kafka import create_topics
from shared.local.keys import LocalKeys, make_keys
from shared.postgres import provision

STACK = Path("/stack")
#: Which keys each service is given, and no others.
SHARES: Mapping[str, tuple[str, ...]] = {
    "accrual": ("jwt-public.pem",),
    "members": (
        "jwt-public.pem",
        "identifier-card.key",
        "identifier-phone.key",
        "identifier-email.key",
        "registrations-private.pem",
        "personal.key",
        "till-public.pem",
    ),
    "gateway": ("jwt-public.pem", "jwt-private.pem"),
}


def lay_keys(stack: Path) -> None:
    """Make keys and the database's password, each once, and give each container its share in a folder of its own."""
    keys = make_keys(Places(stack).keys)
    for service, names in SHARES.items():
        _share(keys, names, stack / service)
    password = stack / "postgres" / "password"
    if not password.exists():
        _write(password, secrets.token_urlsafe(32))


def lay_ground(stack: Path, *, admin_url: str, bootstrap_servers: str) -> None:
    """Make databases, roles and topics, and tell each service its passwords (a `pgpass` file), and the auditor his."""
    parts = urlsplit(admin_url)
    password = quote((stack / "postgres" / "password").read_text(), safe="")
    given = urlunsplit(parts._replace(netloc=f"{parts.username}:{password}@{parts.netloc.rpartition('@')[2]}"))
    databases = {service: provision(given, service=service) for service in WITH_DATABASE}
    for service, urls in databases.items():
        _write(stack / service / "pgpass", _pgpass(urls.owner, urls.app))
    _write(Places(stack).keys / "pgpass", _pgpass(*(urls.verify for urls in databases.values())))
    asyncio.run(create_topics(bootstrap_servers, load_cards()))


def publish(stack: Path, *, url: str) -> list[str]:
    """Publish the project's programme documents; those that are published stay as they are."""
    return asyncio.run(publish_all(sorted((project_root() / "programmes").glob("*.yaml")), places=Places(stack), url=url))


def _share(keys: LocalKeys, names: tuple[str, ...], folder: Path) -> None:
    for name in names:
        _write(folder / name, (keys.folder / name).read_text())


def _pgpass(*urls: str) -> str:
    """Write down passwords as every PostgreSQL client reads them."""
    parts = [urlsplit(url) for url in urls]
    return "".join(f"*:*:*:{part.username}:{unquote(part.password or '')}\n" for part in parts)


def _write(file: Path, text: str) -> None:
    """Write a file that its owner alone may read, whole or not at all."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(file)


STEPS: Mapping[str, Callable[[], object]] = {
    "keys": lambda: lay_keys(STACK),
    "ground": lambda: lay_ground(STACK, admin_url=os.environ["DATABASE_URL"], bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"]),
    "programmes": lambda: publish(STACK, url=os.environ["ACCRUAL_URL"]),
}

if __name__ == "__main__":
    STEPS[sys.argv[1]]()
