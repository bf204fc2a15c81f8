"""The HTTP listener, proven by handshakes."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from shared.clock import utc_now
from shared.service.health import Front, Health
from shared.service.server import listen, serve
from shared.settings import HttpSettings
from shared.testing import eventually


class Authority:
    """Signs certificates that are good for as long as it says, for 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = generate_private_key(SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, folder.name)])
        self.file = folder / "authority.pem"
        self.file.write_bytes(self._sign(self.key, x509.BasicConstraints(ca=True, path_length=0)).public_bytes(Encoding.PEM))

    def http(self, *, days: int = 1, host: str = "127.0.0.1") -> HttpSettings:
        key = generate_private_key(SECP256R1())
        certificate = self._sign(key, x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(host))]), days=days)
        (self.folder / "tls.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
        (self.folder / "tls.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return HttpSettings(certificate_file=self.folder / "tls.crt", key_file=self.folder / "tls.key")

    def _sign(self, key: EllipticCurvePrivateKey, extension: x509.ExtensionType, *, days: int = 1) -> x509.Certificate:
        subject = self.name if key is self.key else x509.Name([])
        builder = x509.CertificateBuilder(self.name, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(utc_now() - timedelta(days=10)).not_valid_after(utc_now() + timedelta(days=days))
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(extension, critical=True).add_extension(identifier, critical=False)
        if key is self.key:
            usage = x509.KeyUsage(
                digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
                data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
            )  # fmt: skip
            builder = builder.add_extension(usage, critical=True)
            builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        return builder.sign(self.key, hashes.SHA256())


@asynccontextmanager
async def served(http: HttpSettings) -> AsyncIterator[str]:
    stop, listening = asyncio.Event(), listen(http)
    task = asyncio.create_task(serve(Front(Health(started=True)), listening, http, stop))
    yield f"127.0.0.1:{listening.getsockname()[1]}"
    stop.set()
    await task


async def status(url: str, *, trusted: Path | None = None, newest: ssl.TLSVersion | None = None) -> int:
    context = ssl.create_default_context(cafile=trusted)
    if newest is not None:
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = newest
        context.set_ciphers("ALL:@SECLEVEL=0")
    async with httpx.AsyncClient(verify=context) as client:
        return (await client.get(f"{url}/health/live")).status_code


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def test_a_client_that_trusts_the_authority_is_answered(authority: Authority):
    async with served(authority.http()) as address:
        assert await status(f"https://{address}", trusted=authority.file) == 200


async def test_a_plain_request_to_a_tls_listener_is_not_answered(authority: Authority):
    async with served(authority.http()) as address:
        with pytest.raises(httpx.TransportError):
            await status(f"http://{address}")


async def test_another_authority_another_name_and_an_expired_certificate_are_not_trusted(authority: Authority, tmp_path: Path):
    (tmp_path / "other").mkdir()
    for http, trusted in (
        (authority.http(), Authority(tmp_path / "other").file),
        (authority.http(host="127.0.0.9"), authority.file),
        (authority.http(days=-1), authority.file),
    ):
        async with served(http) as address:
            with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
                await status(f"https://{address}", trusted=trusted)


@pytest.mark.filterwarnings("ignore:.*TLSv1.* is deprecated:DeprecationWarning")
async def test_tls_1_1_is_refused(authority: Authority):
    async with served(authority.http()) as address:
        with pytest.raises(httpx.ConnectError):
            await status(f"https://{address}", trusted=authority.file, newest=ssl.TLSVersion.TLSv1_1)
        assert await status(f"https://{address}", trusted=authority.file, newest=ssl.TLSVersion.TLSv1_2) == 200


async def test_a_server_that_stopped_takes_no_more_connections():
    async with served(HttpSettings()) as address:
        assert await status(f"http://{address}") == 200

    async def refused() -> bool:
        try:
            await status(f"http://{address}")
        except httpx.ConnectError:
            return True
        return False

    assert await eventually(refused)
