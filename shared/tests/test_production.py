"""What production refuses to start on: each refusal."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import BaseModel

from shared.ids import random_bytes
from shared.local.keys import make_keys
from shared.settings import AuthSettings, DatabaseSettings, HttpSettings, KafkaSettings, RunSettings, refusals

DATABASE = "postgresql://accrual_app@db/accrual?sslmode=verify-full&passfile=/run/secrets/pgpass"


class Identifiers(BaseModel):
    card_key_file: Path


class Settings(BaseModel):
    run: RunSettings = RunSettings()
    kafka: KafkaSettings
    database: DatabaseSettings = DatabaseSettings(url=DATABASE)
    http: HttpSettings = HttpSettings()
    auth: AuthSettings
    identifier: Identifiers


def pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


Make = Callable[..., Settings]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def file(name: str, content: bytes) -> Path:
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    def settings(*, jwt: bytes | None = None, card: bytes | None = None, **groups: Any) -> Settings:
        password = file("kafka-password", b"not in a variable")
        kafka = KafkaSettings(bootstrap_servers="kafka:9093", security_protocol="SASL_SSL", sasl_username="accrual", sasl_password_file=password)
        auth = AuthSettings(public_key_file=file("jwt.pem", jwt or pem(Ed25519PrivateKey.generate().public_key())), audience="loyalty-accrual")
        identifier = Identifiers(card_key_file=file("card.key", card or base64.urlsafe_b64encode(random_bytes(32)).rstrip(b"=")))
        return Settings(**{"kafka": kafka, "auth": auth, "identifier": identifier, **groups})

    return settings


def the_refusal(settings: Settings) -> str:
    (only,) = refusals(settings)
    return only


def test_sound_settings_are_accepted(make: Make):
    assert refusals(make()) == []


def test_plain_http_off_loopback(make: Make):
    for host in ("0.0.0.0", "::", "10.0.0.7", "accrual"):
        assert "off loopback" in the_refusal(make(http=HttpSettings(host=host)))
    for host in ("127.0.0.1", "127.0.0.2", "::1", "localhost"):
        assert refusals(make(http=HttpSettings(host=host))) == []


def test_http_off_loopback_with_a_certificate_is_accepted(make: Make, tmp_path: Path):
    for name in ("tls.crt", "tls.key"):
        (tmp_path / name).write_bytes(b"-----BEGIN something-----")
    http = HttpSettings(host="0.0.0.0", certificate_file=tmp_path / "tls.crt", key_file=tmp_path / "tls.key")
    assert refusals(make(http=http)) == []
    assert "go together" in refusals(make(http=HttpSettings(certificate_file=tmp_path / "tls.crt")))[0]


def test_kafka_without_encryption_or_password(make: Make):
    assert "must be SASL_SSL" in the_refusal(make(kafka=KafkaSettings(bootstrap_servers="kafka:9092")))
    assert "are missing" in the_refusal(make(kafka=KafkaSettings(bootstrap_servers="kafka:9093", security_protocol="SASL_SSL")))


@pytest.mark.parametrize("mode", ["", "?sslmode=require", "?sslmode=verify-ca", "?sslmode=disable", "?sslmode=verify-full&sslmode=disable"])
def test_postgres_whose_name_is_not_verified(mode: str, make: Make):
    assert "DATABASE_URL must say sslmode=verify-full" in the_refusal(make(database=DatabaseSettings(url=f"postgresql://accrual_app@db/accrual{mode}")))
    owner = DatabaseSettings(url=DATABASE, migration_url=f"postgresql://accrual_owner@db/accrual{mode}")
    assert "DATABASE_MIGRATION_URL must say" in the_refusal(make(database=owner))


def test_a_password_outside_a_file(make: Make):
    for url in (DATABASE.replace("accrual_app@", "accrual_app:canary@"), DATABASE + "&password=canary"):
        refusal = the_refusal(make(database=DatabaseSettings(url=url)))
        assert "holds a password" in refusal
        assert "canary" not in refusal


def test_development_keys_wherever_they_were_copied_to(make: Make, tmp_path: Path):
    keys = make_keys(tmp_path / "keys")
    assert "AUTH_PUBLIC_KEY_FILE is a development key" in the_refusal(make(jwt=keys.jwt_public.read_bytes()))
    assert "IDENTIFIER_CARD_KEY_FILE is a development key" in the_refusal(make(card=keys.identifier("card").read_bytes()))


def test_keys_in_the_folder_where_development_keys_are_made(make: Make, tmp_path: Path):
    (tmp_path / ".local").mkdir()
    sound = tmp_path / ".local" / "jwt.pem"
    sound.write_bytes(pem(Ed25519PrivateKey.generate().public_key()))
    (tmp_path / "link.pem").symlink_to(sound)
    for path in (sound, tmp_path / "link.pem"):
        assert "lies in .local" in the_refusal(make(auth=AuthSettings(public_key_file=path, audience="a")))


def test_keys_that_standards_print(make: Make):
    rfc8032 = Ed25519PrivateKey.from_private_bytes(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
    rfc9421 = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----\n"
    private = rfc8032.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for content in (pem(rfc8032.public_key()), private, rfc9421.encode()):
        assert "printed in a standard" in the_refusal(make(jwt=content))


@pytest.mark.parametrize("content", [b"changeme", base64.urlsafe_b64encode(b"x" * 31), b"\xff" * 64, b"-----"])
def test_secrets_that_are_short_or_no_secrets(content: bytes, make: Make):
    assert "shorter than 32 bytes" in the_refusal(make(card=content))


def test_files_that_are_not_there(make: Make, tmp_path: Path):
    assert "does not exist" in the_refusal(make(auth=AuthSettings(public_key_file=tmp_path / "nowhere.pem", audience="a")))


def test_debugging(make: Make):
    assert "RUN_LOG_LEVEL" in the_refusal(make(run=RunSettings(log_level="DEBUG")))


def test_all_that_is_wrong_is_said_at_once(make: Make):
    assert len(refusals(make(http=HttpSettings(host="0.0.0.0"), kafka=KafkaSettings(bootstrap_servers="kafka:9092"), card=b"short"))) == 3
