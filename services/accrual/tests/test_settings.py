"""What accrual refuses to start on."""

import pytest
from pydantic import ValidationError

from accrual.settings import AccrualSettings, Settings
from shared.settings import AuthSettings, DatabaseSettings, KafkaSettings


def settings(env: str, **own: bool) -> Settings:
    kafka = KafkaSettings(bootstrap_servers="broker:9092")
    database = DatabaseSettings(url="postgresql://accrual_app@db/accrual")
    auth = AuthSettings(public_key_file="/keys/public.pem", audience="loyalty")
    return Settings(env=env, kafka=kafka, database=database, auth=auth, accrual=AccrualSettings(**own))


def test_in_production_nobody_publishes_alone():
    assert settings("local", one_step_publication=True).accrual.one_step_publication
    assert not settings("production").accrual.one_step_publication
    with pytest.raises(ValidationError, match="lets one person publish"):
        settings("production", one_step_publication=True)
