"""Development keys."""

import base64
from pathlib import Path

from shared.auth import Verifier, issue, read_private_key
from shared.clock import utc_now
from shared.local.keys import make_keys


def test_keys_are_made_once_and_readable_by_their_owner_alone(tmp_path: Path):
    keys = make_keys(tmp_path / "keys")
    before = {path.name: path.read_bytes() for path in keys.folder.iterdir()}
    assert make_keys(tmp_path / "keys") == keys
    assert {path.name: path.read_bytes() for path in keys.folder.iterdir()} == before
    assert {path.stat().st_mode & 0o777 for path in keys.folder.iterdir()} == {0o600}


def test_a_missing_half_is_made_from_the_other(tmp_path: Path):
    keys = make_keys(tmp_path)
    public = keys.jwt_public.read_bytes()
    keys.jwt_public.unlink()
    make_keys(tmp_path)
    assert keys.jwt_public.read_bytes() == public


def test_the_pair_signs_and_verifies(tmp_path: Path):
    keys = make_keys(tmp_path)
    token = issue(read_private_key(keys.jwt_private), subject="ana", scopes=["member"], audience="gateway", now=utc_now())
    assert Verifier.from_file(keys.jwt_public, "gateway").verify(token).subject == "ana"


def test_a_secret_is_thirty_two_bytes_and_no_two_are_alike(tmp_path: Path):
    keys = make_keys(tmp_path)
    secrets = [base64.urlsafe_b64decode(keys.identifier(kind).read_text() + "=") for kind in ("card", "phone", "email", "partner")]
    assert {len(secret) for secret in secrets} == {32}
    assert len(set(secrets)) == 4
