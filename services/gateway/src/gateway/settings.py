"""What an operator can change. Every name is an environment variable: `ACCRUAL_URL`, `GATEWAY_CORS_ORIGINS`."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_settings import BaseSettings, NoDecode

from shared.settings import FROM_ENVIRONMENT, AuthSettings, Environment, HttpSettings, KafkaSettings, RunSettings

HttpUrl = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+/?$")]


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OwnerSettings(_Group):
    """Where an owning service answers."""

    url: HttpUrl


class SigningAuthSettings(AuthSettings):
    """Whose tokens are believed, and the key for the gateway's own: the services must believe it, too."""

    private_key_file: Path


class GatewaySettings(_Group):
    """How long callers wait, and which pages of other origins may call."""

    query_seconds: Annotated[float, Field(gt=0, le=10)] = 0.3
    command_seconds: Annotated[float, Field(gt=0, le=60)] = 5
    ca_file: Path | None = None
    """The authority that signed the services' certificates; the system's authorities if none is named."""
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = ()
    """`https://shop.example`, with commas between; nobody by default."""


class Settings(BaseSettings):
    """All settings of the gateway."""

    model_config = FROM_ENVIRONMENT

    env: Environment = "production"
    run: RunSettings = RunSettings()
    http: HttpSettings = HttpSettings()
    auth: SigningAuthSettings
    accrual: OwnerSettings
    members: OwnerSettings
    kafka: KafkaSettings | None = None
    """Without it, nothing is published for anybody, and everything else goes on."""
    gateway: GatewaySettings = GatewaySettings()

    @model_validator(mode="after")
    def _tokens_travel_sealed(self) -> Self:
        """Refuse, in production, to send tokens to another machine in plain text."""
        for name, owner in (("ACCRUAL_URL", self.accrual), ("MEMBERS_URL", self.members)):
            if self.env == "production" and owner.url.startswith("http:") and not _is_loopback(urlsplit(owner.url).hostname or ""):
                raise ValueError(f"{name} is off loopback and plain http: use https (ENV=local allows it on a machine for trying things)")
        return self


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
