"""What an operator can change."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from shared.settings import FROM_ENVIRONMENT, AuthSettings, DatabaseSettings, Environment, HttpSettings, KafkaSettings, Role, RunSettings


class Settings(BaseSettings):
    model_config = FROM_ENVIRONMENT

    env: Environment = "production"
    run: RunSettings = RunSettings()
    kafka: KafkaSettings
    database: DatabaseSettings
    http: HttpSettings = HttpSettings()
    auth: AuthSettings


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("ENV", "RUN_ROLES", "HTTP_HOST", "HTTP_PORT", "DATABASE_MIGRATION_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9092")
    monkeypatch.setenv("DATABASE_URL", "postgresql://accrual_app@127.0.0.1/accrual")
    monkeypatch.setenv("AUTH_PUBLIC_KEY_FILE", "/run/secrets/jwt-public.pem")
    monkeypatch.setenv("AUTH_AUDIENCE", "loyalty-accrual")
    return monkeypatch


def test_nothing_said_means_production_all_roles_and_loopback(environment: pytest.MonkeyPatch):
    settings = Settings()  # type: ignore[call-arg]
    assert settings.env == "production"
    assert settings.run.roles == frozenset(Role)
    assert settings.http.host == "127.0.0.1"
    assert settings.auth.public_key_file == Path("/run/secrets/jwt-public.pem")


def test_one_variable_changes_one_thing(environment: pytest.MonkeyPatch):
    environment.setenv("RUN_ROLES", "consumer, relay")
    environment.setenv("DATABASE_MIGRATION_URL", "postgresql://accrual_owner@127.0.0.1/accrual")
    environment.setenv("KAFKA_SASL_PASSWORD_FILE", "/run/secrets/kafka")
    environment.setenv("HTTP_PORT", "8080")
    settings = Settings()  # type: ignore[call-arg]
    assert settings.run.roles == {Role.CONSUMER, Role.RELAY}
    assert settings.database.migration_url == "postgresql://accrual_owner@127.0.0.1/accrual"
    assert settings.kafka.sasl_password_file == Path("/run/secrets/kafka")
    assert settings.http.port == 8080


@pytest.mark.parametrize(
    ("name", "value"),
    [("RUN_ROLES", "consumer,cook"), ("RUN_ROLES", ","), ("ENV", "staging"), ("HTTP_PORT", "70000"), ("KAFKA_SECURITY_PROTOCOL", "SSL"), ("HTTP_PROT", "80")],
)
def test_a_value_or_a_name_that_nobody_knows_is_refused(name: str, value: str, environment: pytest.MonkeyPatch):
    environment.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()  # type: ignore[call-arg]
