"""What production refuses to start on."""

import base64
import binascii
import ipaddress
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from pydantic import BaseModel

from shared.settings.groups import DatabaseSettings, HttpSettings, KafkaSettings, RunSettings

#: What the first line of a development PEM says (text before BEGIN is no part of the key).
DEVELOPMENT_PEM = b"# loyalty: a development key, for this machine only\n"
#: How the text of a development secret begins: eight characters of base64url, six of its bytes.
DEVELOPMENT_SECRET = b"dev-only"
MIN_SECRET_BYTES = 32
#: Ed25519 keys whose private halves are printed in standards: RFC 8032 7.1 (tests 1 to 3; RFC 8037 A uses the first) and RFC 9421 B.1.4.
PUBLISHED = {
    bytes.fromhex(text)
    for text in (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "26b40b8f93fff3d897112f7ebc582b232dbd72517d082fe83cfb30ddce43d1bb",
    )
}


def refusals(settings: BaseModel) -> list[str]:
    """Return why production may not start on these settings; empty if it may. Says no secret."""
    return list(_refusals(settings, ""))


def _refusals(group: BaseModel, prefix: str) -> Iterator[str]:
    match group:
        case HttpSettings():
            yield from _of_http(group)
        case KafkaSettings():
            yield from _of_kafka(group)
        case RunSettings(log_level="DEBUG"):
            yield "RUN_LOG_LEVEL DEBUG tells what may be personal"
        case DatabaseSettings():
            yield from _of_database(group)
        case _:
            pass
    for name in type(group).model_fields:
        value, variable = getattr(group, name), f"{prefix}{name}".upper()
        if isinstance(value, BaseModel):
            yield from _refusals(value, f"{variable}_")
        elif isinstance(value, Path):
            yield from _of_file(variable, value)


def _of_http(http: HttpSettings) -> Iterator[str]:
    if (http.certificate_file is None) != (http.key_file is None):
        yield "HTTP_CERTIFICATE_FILE and HTTP_KEY_FILE go together"
    if http.certificate_file is None and not _is_loopback(http.host):
        yield f"HTTP_HOST {http.host} is off loopback and there is no HTTP_CERTIFICATE_FILE: bind to 127.0.0.1 or give a certificate"


def _of_kafka(kafka: KafkaSettings) -> Iterator[str]:
    if kafka.security_protocol != "SASL_SSL":
        yield "KAFKA_SECURITY_PROTOCOL must be SASL_SSL"
    elif kafka.sasl_username is None or kafka.sasl_password_file is None:
        yield "KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD_FILE are missing"


def _of_database(database: DatabaseSettings) -> Iterator[str]:
    for variable, url in (("DATABASE_URL", database.url), ("DATABASE_MIGRATION_URL", database.migration_url)):
        if url is None:
            continue
        parts = urlsplit(url)
        if parse_qs(parts.query).get("sslmode") != ["verify-full"]:
            yield f"{variable} must say sslmode=verify-full"
        if parts.password is not None or "password" in parse_qs(parts.query):
            yield f"{variable} holds a password: put it into a file and name that with passfile="


def _of_file(variable: str, path: Path) -> Iterator[str]:
    if ".local" in (*path.parts, *path.resolve().parts):
        yield f"{variable} lies in .local, where development keys are made"
        return
    if not path.exists():
        yield f"{variable} names {path}, which does not exist"
        return
    if not path.is_file():
        return
    content = path.read_bytes()
    if content.startswith((DEVELOPMENT_PEM, DEVELOPMENT_SECRET)):
        yield f"{variable} is a development key"
    elif _is_published(content):
        yield f"{variable} is a key whose private half is printed in a standard"
    elif "KEY" in variable and b"-----BEGIN" not in content and _secret_length(content) < MIN_SECRET_BYTES:
        yield f"{variable} is shorter than {MIN_SECRET_BYTES} bytes, or not base64url"


def _is_published(content: bytes) -> bool:
    for load in (load_pem_public_key, lambda pem: load_pem_private_key(pem, None).public_key()):
        try:
            key = load(content)
        except (ValueError, TypeError):
            continue
        if isinstance(key, Ed25519PublicKey | Ed25519PrivateKey):
            return key.public_bytes_raw() in PUBLISHED
    return False


def _secret_length(content: bytes) -> int:
    text = content.strip()
    try:
        return len(base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except binascii.Error:
        return 0


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
