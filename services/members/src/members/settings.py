"""What an operator can change: one variable each, as `IDENTIFIERS_REGION`. Keys come from files."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings

from shared.settings import FROM_ENVIRONMENT, AuthSettings, DatabaseSettings, Environment, HttpSettings, KafkaSettings, RunSettings

CardPrefix = Annotated[str, Field(pattern=r"^[0-9]{4}$")]


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class IdentifierSettings(_Group):
    """How identifiers are read and hashed."""

    card_key_file: Path
    phone_key_file: Path
    email_key_file: Path
    region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "RU"
    """Where a phone number without a country code is from (ISO 3166)."""
    card_prefix: CardPrefix = "9000"
    """The first four digits of cards."""
    card_prefixes: dict[str, CardPrefix] = {}
    """The same for programmes that have their own: a JSON object."""


class RegistrationSettings(_Group):
    """The key that opens the personal part of registrations."""

    private_key_file: Path


class PersonalSettings(_Group):
    """The key that wraps members' keys."""

    key_file: Path


class TillSettings(_Group):
    """The key that trusted tills sign with."""

    public_key_file: Path


class Settings(BaseSettings):
    """All settings of members."""

    model_config = FROM_ENVIRONMENT

    env: Environment = "production"
    run: RunSettings = RunSettings()
    kafka: KafkaSettings
    database: DatabaseSettings
    http: HttpSettings = HttpSettings()
    auth: AuthSettings
    identifiers: IdentifierSettings
    registrations: RegistrationSettings
    personal: PersonalSettings
    till: TillSettings
