"""What an operator can change: one variable each, as `DATABASE_URL`."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import BaseSettings

from accrual.api.parts import WAITING_DAYS
from shared.settings import FROM_ENVIRONMENT, AuthSettings, DatabaseSettings, Environment, HttpSettings, KafkaSettings, RunSettings


class AccrualSettings(BaseModel):
    """What is accrual's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    waiting_days: Annotated[int, Field(ge=0, le=36_500)] = WAITING_DAYS
    """`ACCRUAL_WAITING_DAYS`: what waits longer for its purchase is shown to operators."""
    one_step_publication: bool = False
    """`ACCRUAL_ONE_STEP_PUBLICATION`: programmes are published without a second person. For trying things; production refuses it."""


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

    @model_validator(mode="after")
    def _two_people_publish(self) -> Self:
        """Refuse, in production, that one person alone changes what members get."""
        if self.env == "production" and self.accrual.one_step_publication:
            raise ValueError("ACCRUAL_ONE_STEP_PUBLICATION lets one person publish (ENV=local allows it for trying things)")
        return self
