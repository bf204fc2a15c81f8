"""What an operator can change: one variable each, as `DATABASE_URL`."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings

from accrual.api.parts import WAITING_DAYS
from shared.settings import FROM_ENVIRONMENT, AuthSettings, DatabaseSettings, Environment, HttpSettings, KafkaSettings, RunSettings


class AccrualSettings(BaseModel):
    """What is accrual's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    waiting_days: Annotated[int, Field(ge=0, le=36_500)] = WAITING_DAYS
    """`ACCRUAL_WAITING_DAYS`: what waits longer for its purchase is shown to operators."""


class Settings(BaseSettings):
    """All settings of accrual."""

    model_config = FROM_ENVIRONMENT

    env: Environment = "production"
    run: RunSettings = RunSettings()
    kafka: KafkaSettings
    database: DatabaseSettings
    http: HttpSettings = HttpSettings()
    auth: AuthSettings
    accrual: AccrualSettings = AccrualSettings()
