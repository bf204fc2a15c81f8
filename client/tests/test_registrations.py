"""A registration as a till sends it, read by those who read it in earnest: members."""

from datetime import timedelta
from pathlib import Path

import pytest

from contracts.personal import UnreadablePersonalPart, decrypt_personal, read_key
from contracts.registrations import PersonalPart, TypedIdentifier
from loyalty_client import IdentifierKeys, Till, registration
from members.clients.tills import Tills
from members.domain.identifiers import Fault
from shared.local.keys import LocalKeys, make_keys

from .builders import NOON

ANA = PersonalPart(identifiers=(TypedIdentifier(kind="card", value="9000 0000 0000 0019"), TypedIdentifier(kind="email", value="ana@example.org")))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> LocalKeys:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def keys(files: LocalKeys) -> IdentifierKeys:
    return IdentifierKeys.from_files(card=files.identifier("card"), email=files.identifier("email"))


def test_what_is_personal_opens_only_at_members(files: LocalKeys, keys: IdentifierKeys, tmp_path: Path):
    seal = read_key(files.registrations_public.read_bytes())
    made = registration(ANA, programme="p", registration_id="r-1", keys=keys, seal=seal, now=NOON)
    assert made.identifier == keys.holder("card", "9000000000000019")
    assert made.proof is None
    assert "ana@" not in made.model_dump_json()
    assert decrypt_personal(made.personal, read_key(files.registrations_private.read_bytes())) == ANA
    stranger = make_keys(tmp_path / "other")
    with pytest.raises(UnreadablePersonalPart):
        decrypt_personal(made.personal, read_key(stranger.registrations_private.read_bytes()))


def test_members_believes_the_tills_word_for_this_registration_and_fifteen_minutes(files: LocalKeys, keys: IdentifierKeys):
    card = keys.holder("card", "9000000000000019")
    proof = Till.from_file("7", files.till_private).proof("r-1", [card], now=NOON)
    tills = Tills.from_file(files.till_public)
    assert tills.seen(proof, registration_id="r-1", at=NOON + timedelta(minutes=14)) == {card}
    assert isinstance(tills.seen(proof, registration_id="r-2", at=NOON), Fault)
    assert isinstance(tills.seen(proof, registration_id="r-1", at=NOON + timedelta(minutes=25)), Fault)
