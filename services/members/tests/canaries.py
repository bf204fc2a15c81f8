"""Facts that must show up nowhere, how to search for them, and everything that can happen to a registration that holds them."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from urllib.parse import quote

import orjson

from contracts.envelope import Record, encode

from .builders import ANA, BORIS, a_form, proven

CANARIES = [
    *(fact for person in (ANA, BORIS) for fact in (person.family_name, person.birth_date, person.card[1], person.phone[1], person.email[1])),
    "+79161234567",
    "+79167654321",
    "9161234567",
    "ana.q+shop@example.com",
    "boris@xn--e1afmkfd.xn--p1ai",
    "8 800 555 35 35",
    "canary@nowhere",
]


def spellings(canary: str) -> Iterator[bytes]:
    """The ways in which somebody might have written it without meaning to."""
    raw, digest = canary.encode(), sha256(canary.encode()).digest()
    yield from (raw, raw.hex().encode(), quote(canary).encode(), orjson.dumps(canary)[1:-1], canary.encode("utf-16-le"))
    yield from (b64encode(raw).rstrip(b"="), urlsafe_b64encode(raw).rstrip(b"="))
    yield from (digest, digest.hex().encode(), b64encode(digest).rstrip(b"="), urlsafe_b64encode(digest).rstrip(b"="))


def canaries_in(text: bytes) -> list[str]:
    lower = text.lower()
    return [canary for canary in CANARIES if any(spelling in text or spelling.lower() in lower for spelling in spellings(canary))]


def registrations() -> list[Record]:
    """Records that end as applied, duplicate, waiting, refused and dead-lettered."""
    events = [
        proven("r-1", *ANA.all).event(),
        proven("r-1", *ANA.all).event("again"),
        a_form("r-2", *BORIS.all, person=BORIS).event(),
        proven("r-3", BORIS.phone, person=BORIS).event(),
        proven("r-4", ANA.phone, BORIS.phone).event(),
        a_form("r-5", ("phone", "8 800 555 35 35"), ("email", "canary@nowhere"), ANA.card).event(identifier="h1:" + "A" * 43),
        a_form("r-6", ANA.phone).event(identifier="h1:" + "A" * 43),
        a_form("r-7", ANA.phone).event(personal="eyJhbGciOiJub25lIn0.AAAA.AAAA.AAAA.AAAA"),
    ]
    twisted = encode(a_form("r-9", BORIS.phone, person=BORIS).event("twisted"))
    return [
        *map(encode, events),
        Record(twisted.topic, twisted.key, (twisted.value or b"")[:-20], twisted.headers),
        Record(twisted.topic, b"another key", twisted.value, (*twisted.headers[:1], ("ce_id", b"moved"), *twisted.headers[2:])),
    ]
