import pytest
from pydantic import ValidationError

from gateway.settings import Settings

NEEDED = {
    "ACCRUAL_URL": "https://accrual.example:8443",
    "MEMBERS_URL": "https://members.example:8443",
    "AUTH_AUDIENCE": "loyalty",
    "AUTH_PUBLIC_KEY_FILE": "/run/keys/public.pem",
    "AUTH_PRIVATE_KEY_FILE": "/run/keys/private.pem",
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ENV", *NEEDED):
        monkeypatch.delenv(name, raising=False)
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)


def test_what_is_not_said_is_careful():
    settings = Settings()
    assert settings.env == "production"
    assert settings.http.host == "127.0.0.1"
    assert (settings.gateway.query_seconds, settings.gateway.command_seconds) == (0.3, 5)
    assert settings.gateway.cors_origins == ()


def test_origins_are_a_list_with_commas(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GATEWAY_CORS_ORIGINS", "https://shop.example, https://club.example")
    assert Settings().gateway.cors_origins == ("https://shop.example", "https://club.example")


@pytest.mark.parametrize("name", NEEDED)
def test_the_gateway_does_not_start_without_knowing_whom_to_ask_and_believe(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.delenv(name)
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize("url", ["accrual:8000", "ftp://accrual", "https://accrual/v1", "https://accrual?x=1", "https://user:secret@accrual", ""])
def test_an_owner_is_named_by_scheme_and_host_alone(monkeypatch: pytest.MonkeyPatch, url: str):
    monkeypatch.setenv("ACCRUAL_URL", url)
    with pytest.raises(ValidationError):
        Settings()


def test_production_sends_no_token_in_plain_text_to_another_machine(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MEMBERS_URL", "http://10.0.0.7:8000")
    with pytest.raises(ValidationError, match="MEMBERS_URL is off loopback"):
        Settings()
    monkeypatch.setenv("ENV", "local")
    assert Settings().members.url == "http://10.0.0.7:8000"
    monkeypatch.setenv("ENV", "production")
    for near in ("http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"):
        monkeypatch.setenv("MEMBERS_URL", near)
        assert Settings().members.url == near
