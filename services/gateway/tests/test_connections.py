"""Connections to owners, against servers that say exactly what they are told to, byte by byte."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gateway.clients.connections import MAX_ANSWER_BYTES, MAX_CONNECTIONS, Connections, CutError, NoAnswerError, UnreachableError
from gateway.clients.services import connections_to

GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Wire:
    """A server that answers the n-th question of a connection with the n-th text, in the pieces given, and then hangs up if there is no more."""

    def __init__(self, *answers: bytes | list[bytes]) -> None:
        self.answers = answers
        self.questions: list[bytes] = []
        self.connections = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        for answer in self.answers:
            try:
                question = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            self.questions.append(question)
            for piece in [answer] if isinstance(answer, bytes) else answer:
                writer.write(piece)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def asking(wire: Wire, *, tls: ssl.SSLContext | None = None, ca_file: Path | None = None) -> AsyncIterator[Connections]:
    server = await asyncio.start_server(wire, "127.0.0.1", 0, ssl=tls)
    host, port = server.sockets[0].getsockname()
    async with server:
        connections = connections_to(f"{'https' if tls else 'http'}://{host}:{port}", ca_file=ca_file)
        try:
            yield connections
        finally:
            await connections.close()


async def ask(connections: Connections, **headers: str) -> str:
    return (await connections.ask("GET", "/", headers)).body.decode()


async def test_questions_one_after_the_other_share_a_connection():
    wire = Wire(GOOD, GOOD, GOOD)
    async with asking(wire) as connections:
        assert [await ask(connections) for _ in range(3)] == ["ok"] * 3
    assert wire.connections == 1


async def test_questions_at_once_have_a_connection_each_up_to_a_limit():
    wire = Wire(GOOD, GOOD, GOOD)
    async with asking(wire) as connections:
        answers = await asyncio.gather(*(ask(connections) for _ in range(MAX_CONNECTIONS + 20)))
    assert set(answers) == {"ok"}
    assert 1 < wire.connections <= MAX_CONNECTIONS


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n"


@pytest.mark.parametrize("answer", [GOOD, CHUNKED], ids=["with its length", "in chunks"])
async def test_an_answer_may_come_in_any_pieces(answer: bytes):
    async with asking(Wire([answer[number : number + 1] for number in range(len(answer))])) as connections:
        assert await ask(connections) == "ok"


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nokk",
        b"HTTP/1.1 200 OK\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n" + b" " * (MAX_ANSWER_BYTES + 1),
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * (MAX_ANSWER_BYTES + 1),
    ],
    ids=["another protocol", "no length", "two lengths", "no end", "too large a body", "too large a header"],
)
async def test_what_is_no_answer_is_refused_and_its_connection_cut(answer: bytes):
    wire = Wire(answer, GOOD)
    async with asking(wire) as connections:
        with pytest.raises(NoAnswerError):
            await ask(connections)
        with pytest.raises(NoAnswerError):
            await ask(connections)
    assert wire.connections == 2


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nok", b"HTTP/1.1 100 Continue\r\n\r\n"])
async def test_an_answer_that_is_cut_off_is_none(answer: bytes):
    async with asking(Wire(answer)) as connections:
        with pytest.raises(CutError):
            await ask(connections)


async def test_a_compressed_answer_is_refused_and_never_unpacked():
    async with asking(Wire(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n\x1f\x8b")) as connections:
        with pytest.raises(NoAnswerError):
            await ask(connections)


async def test_bytes_behind_an_answer_never_become_the_next_one():
    wire = Wire(GOOD + b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil", GOOD)
    async with asking(wire) as connections:
        assert await ask(connections) == "ok"
        assert await ask(connections) == "ok"
    assert wire.connections == 2


async def test_an_abandoned_question_takes_its_connection_with_it():
    wire = Wire([], GOOD)
    async with asking(wire) as connections:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await ask(connections)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await ask(connections)
    assert wire.connections == 2


async def test_a_server_that_wants_no_more_is_asked_on_a_new_connection():
    wire = Wire(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok", GOOD)
    async with asking(wire) as connections:
        assert [await ask(connections) for _ in range(2)] == ["ok", "ok"]
    assert wire.connections == 2


async def test_a_header_cannot_carry_a_second_request():
    wire = Wire(GOOD)
    async with asking(wire) as connections:
        for name, value in (("x-request-id", "a\r\nx-admin: yes"), ("x-request-id", "a\nx-admin: yes"), ("x", "\0")):
            with pytest.raises(ValueError, match="header injection"):
                await connections.ask("GET", "/", {name: value})
        for target in ("/ HTTP/1.1\r\nx-admin: yes\r\n", "/a b", "/\n"):
            with pytest.raises(ValueError, match="line break"):
                await connections.ask("GET", target, {})
    assert wire.questions == []


def certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate that is its own authority, valid for one address."""
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime(2024, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1, now, now + timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(made.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return file, context


async def test_over_tls_an_owner_proves_its_name_to_the_authority(tmp_path: Path):
    ours, server = certificate(tmp_path, "127.0.0.1")
    stranger, named_otherwise = certificate(tmp_path, "127.0.0.2")
    async with asking(Wire(GOOD), tls=server, ca_file=ours) as connections:
        assert await ask(connections) == "ok"
    for context, authority in ((server, None), (server, stranger), (named_otherwise, stranger)):
        wire = Wire(GOOD)
        async with asking(wire, tls=context, ca_file=authority) as connections:
            with pytest.raises(UnreachableError, match="SSLCertVerificationError"):
                await ask(connections)
        assert wire.questions == []


async def test_a_question_arrives_as_it_was_asked():
    wire = Wire(GOOD)
    async with asking(wire) as connections:
        await connections.ask("POST", "/v1/quotes?x=1", {"x-request-id": "1"}, b"{}")
    head = wire.questions[0].decode().split("\r\n")
    names = {line.partition(":")[0].lower() for line in head[1:] if line}
    assert names == {"host", "x-request-id", "content-length", "content-type", "accept", "accept-encoding", "user-agent"}
    assert head[0] == "POST /v1/quotes?x=1 HTTP/1.1"
    assert {"x-request-id: 1", "Content-Length: 2", "Accept-Encoding: identity"} < set(head)
    assert head[1].startswith("Host: 127.0.0.1:")
