"""What an operator can change, in groups that a service puts together. One variable each: `GROUP_NAME`, as `KAFKA_BOOTSTRAP_SERVERS`.

    class Settings(BaseSettings):
        model_config = FROM_ENVIRONMENT
        env: Environment = "production"
        run: RunSettings = RunSettings()
        kafka: KafkaSettings
        database: DatabaseSettings
        http: HttpSettings = HttpSettings()
        auth: AuthSettings

Secrets are given as files, never as values.
"""

from shared.settings.groups import (
    FROM_ENVIRONMENT,
    AuthSettings,
    DatabaseSettings,
    Environment,
    HttpSettings,
    KafkaSettings,
    Role,
    RunSettings,
)
from shared.settings.production import refusals

__all__ = [
    "FROM_ENVIRONMENT",
    "AuthSettings",
    "DatabaseSettings",
    "Environment",
    "HttpSettings",
    "KafkaSettings",
    "Role",
    "RunSettings",
    "refusals",
]
