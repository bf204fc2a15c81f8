"""What an operator can change: one variable each, as `DATABASE_URL`."""

from pydantic_settings import BaseSettings

from shared.settings import FROM_ENVIRONMENT, AuthSettings, DatabaseSettings, Environment, HttpSettings, KafkaSettings, RunSettings


class Settings(BaseSettings):
    """All settings of accrual."""

    model_config = FROM_ENVIRONMENT

    env: Environment = "production"
    run: RunSettings = RunSettings()
    kafka: KafkaSettings
    database: DatabaseSettings
    http: HttpSettings = HttpSettings()
    auth: AuthSettings
