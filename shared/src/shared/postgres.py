"""PostgreSQL for a service: the pool it runs on, and the roles and database it is given."""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import asyncpg
import psycopg
from psycopg import sql

#: A transaction whose process was frozen gives its rows back after this long; the relay, which awaits Kafka, sets 30 s itself.
IDLE_IN_TRANSACTION_SECONDS = 5
#: The nologin role that every `<service>_app` belongs to; migrations shared by all services give their rights to it.
APP_GROUP = "loyalty_app"
#: The role that may read and never write, for audits.
VERIFY_ROLE = "verify"
#: What the driver raises when the database went away. A session that was killed while idle may also show as a confused driver.
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InternalClientError,
)
_RIGHTS: LiteralString = Path(__file__).with_name("provision.sql").read_text()


async def create_pool(url: str, *, size: int = 10, application_name: str, min_size: int = 1) -> asyncpg.Pool:
    """Open a pool of connections at READ COMMITTED, in UTC, whose statements stay prepared. The caller closes it.

    A connection comes back as it is, but for a transaction that is still open: whoever changes more of its session than a transaction does resets it.
    """
    return await asyncpg.create_pool(
        url,
        min_size=min(min_size, size),
        max_size=size,
        max_inactive_connection_lifetime=0,  # prepared statements are worth keeping
        max_cached_statement_lifetime=0,
        statement_cache_size=500,
        reset=_as_it_is,
        timeout=10,
        server_settings={
            "application_name": application_name,
            "default_transaction_isolation": "read committed",
            "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_SECONDS * 1000),
            "jit": "off",  # compiling costs more than our statements run
            "timezone": "UTC",
        },
    )


async def _as_it_is(_: object) -> None:
    """Leave a connection alone that comes back. The driver would ask the database to forget what nobody set: half of what a balance takes."""


@dataclass(frozen=True, slots=True)
class ServiceUrls:
    """One service's database, as its three roles reach it."""

    owner: str
    app: str
    verify: str


def provision(admin_url: str, *, service: str, database: str | None = None, template: str | None = None) -> ServiceUrls:
    """Make sure that a service's roles and database exist, and return how to reach it. Idempotent, safe when run twice at once.

    `<service>_owner` owns the database and migrates it, `<service>_app` runs on it, `verify` reads it; nobody else may connect.
    The roles exist before the first migration, so a migration names them in plain SQL. Their passwords are derived from
    the administrator's, none if that has none. For local mode, tests and compose: in production the database's keeper does this.
    """
    database = database or service
    owner, app = f"{service}_owner", f"{service}_app"
    with _exclusive(admin_url) as connection:
        _ensure_role(connection, APP_GROUP, password=None, login=False)
        for role in (owner, app, VERIFY_ROLE):
            _ensure_role(connection, role, password=_role_password(admin_url, role), login=True)
        if connection.execute("select from pg_database where datname = %s", [database]).fetchone() is None:
            connection.execute(sql.SQL("create database {} owner {} template {}").format(*map(sql.Identifier, (database, owner, template or "template1"))))
        names = {"group": APP_GROUP, "app": app, "verify": VERIFY_ROLE, "database": database}
        connection.execute(sql.SQL(_RIGHTS).format(**{name: sql.Identifier(value) for name, value in names.items()}))
    return ServiceUrls(*(url_for(admin_url, role=role, database=database) for role in (owner, app, VERIFY_ROLE)))


def url_for(admin_url: str, *, role: str, database: str) -> str:
    """Return the URL by which a provisioned role reaches a database of the same server."""
    parts = urlsplit(admin_url)
    password = _role_password(admin_url, role)
    user = quote(role, safe="") + (f":{quote(password, safe='')}" if password else "")
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc.rpartition('@')[2]}", path=f"/{database}"))


def _role_password(admin_url: str, role: str) -> str | None:
    password = urlsplit(admin_url).password
    if not password:
        return None
    return hmac.new(unquote(password).encode(), role.encode(), hashlib.sha256).hexdigest()


def _ensure_role(connection: psycopg.Connection, role: str, *, password: str | None, login: bool) -> None:
    if connection.execute("select from pg_roles where rolname = %s", [role]).fetchone() is not None:
        return
    options = sql.SQL("login password {}").format(sql.Literal(password)) if login else sql.SQL("nologin")
    connection.execute(sql.SQL("create role {} {}").format(sql.Identifier(role), options))
    if role == VERIFY_ROLE:
        connection.execute(sql.SQL("alter role {} set default_transaction_read_only = on").format(sql.Identifier(role)))


@contextmanager
def _exclusive(admin_url: str) -> Iterator[psycopg.Connection]:
    """Roles belong to the whole server, so only one process at a time makes them."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(hashtext('provision'))")
        yield connection
