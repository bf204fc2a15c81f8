"""The groups of settings that services share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import NoDecode, SettingsConfigDict

Environment = Literal["production", "local"]
"""`ENV`. Not set means production: what is unsafe has to be asked for."""

FROM_ENVIRONMENT = SettingsConfigDict(env_nested_delimiter="_", env_nested_max_split=1, frozen=True, extra="ignore", env_ignore_empty=True)
"""The model_config of every service's Settings."""


class Role(StrEnum):
    """What a process of a service does; each can be scaled alone."""

    CONSUMER = "consumer"
    API = "api"
    SCHEDULE = "schedule"
    RELAY = "relay"


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunSettings(_Group):
    """How the process lives."""

    roles: Annotated[frozenset[Role], NoDecode, BeforeValidator(_split), Field(min_length=1)] = frozenset(Role)
    """`RUN_ROLES`: any of consumer, api, schedule, relay, with commas between."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    stop_seconds: Annotated[float, Field(gt=0)] = 25
    """How long a stop may take before it is cut short; less than the 30 s of grace that the platform gives."""
    audit_seconds: Annotated[float, Field(ge=1)] = 60
    """How often the schedule asks whether every invariant holds: at most, as it also rests nine times as long as it looked."""


class KafkaSettings(_Group):
    """How the broker is reached."""

    bootstrap_servers: str
    security_protocol: Literal["PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password_file: Path | None = None
    ca_file: Path | None = None
    """The authority that signed the broker's certificate; the system's authorities if none is named."""


class DatabaseSettings(_Group):
    """How PostgreSQL is reached. A password comes by `passfile=` in the URL, a certificate authority by `sslrootcert=`."""

    url: str
    migration_url: str | None = None
    """The owner's URL; without it `url` migrates if it may, else the process waits for one that does."""
    pool_size: Annotated[int, Field(ge=2, le=100)] = 16
    """Four batches, four shards of the outbox, the schedule, and the rest for requests."""


class HttpSettings(_Group):
    """Where the process answers: its API if it has that role, health and metrics always."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    """0: any free one; the log says which."""
    certificate_file: Path | None = None
    key_file: Path | None = None


class AuthSettings(_Group):
    """Whose tokens are believed."""

    public_key_file: Path
    audience: str
    issuer: str = "loyalty"
