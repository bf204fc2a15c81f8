"""The personal part of a registration, sealed so that only members can open it (JWE)."""

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey
from pydantic import ValidationError

from contracts.bodies import read_body
from contracts.faults import Undecodable
from contracts.registrations import PersonalPart

SealKey = ECKey | OKPKey

_AGREEMENT = "ECDH-ES+A256KW"
_CIPHER = "A256GCM"
#: Nothing else is taken, compression included: a sealed part chooses no algorithm, and does not swell when opened.
_ALGORITHMS = [_AGREEMENT, _CIPHER]


class UnreadablePersonalPart(Exception):  # noqa: N818  it says what the part is
    """The sealed part was not made for this key, was changed, or holds something else."""


def read_key(pem: bytes) -> SealKey:
    """Read a public or private key, on P-256 or X25519, from PEM."""
    try:
        return ECKey.import_key(pem)
    except JoseError:
        return OKPKey.import_key(pem)


def encrypt_personal(part: PersonalPart, public_key: SealKey) -> str:
    """Seal the personal part for the owner of the private key."""
    return jwe.encrypt_compact({"alg": _AGREEMENT, "enc": _CIPHER}, part.model_dump_json().encode(), public_key, algorithms=_ALGORITHMS)


def decrypt_personal(sealed: str, private_key: SealKey) -> PersonalPart:
    """Open a sealed part. Raises UnreadablePersonalPart, and nothing else, whatever the text holds."""
    try:
        body = jwe.decrypt_compact(sealed, private_key, algorithms=_ALGORITHMS).plaintext
    except Exception as error:  # noqa: BLE001  a forged header reaches deep into the libraries, and each raises its own
        raise UnreadablePersonalPart(f"cannot be opened: {type(error).__name__}") from None
    try:
        read_body(body or b"")
        return PersonalPart.model_validate_json(body or b"")
    except Undecodable as error:
        raise UnreadablePersonalPart(str(error)) from None
    except ValidationError as error:
        raise UnreadablePersonalPart(f"{error.error_count()} fields are wrong") from None
