from contracts.identifiers import identifier_hash
from members.clients.hashes import Hashes
from members.domain.identifiers import Fault, Identifier, Kind
from members.handlers.identifiers import normalise

from .builders import SPELLING


def test_both_forms_are_kept_one_for_sending_and_one_for_comparing():
    found = normalise(Kind.EMAIL, " Ana.Q@Example.COM", spelling=SPELLING)
    assert found == Identifier(Kind.EMAIL, "Ana.Q@Example.COM", "ana.q@example.com")


def test_what_is_no_identifier_is_a_fault_with_a_code():
    found = normalise(Kind.PHONE, "12", spelling=SPELLING)
    assert isinstance(found, Fault)
    assert found.code == "bad-phone"


def test_a_visitor_id_travels_as_it_is():
    bare = "A" * 22
    assert Hashes({}).holder_of(Identifier(Kind.VISITOR, bare, bare)) == f"v:{bare}"


def test_a_hash_is_the_same_for_ever():
    """A known vector: should it ever change, every stored link would be lost."""
    card = Identifier(Kind.CARD, "9000 0000 0000 0017", "9000000000000017")
    assert Hashes({Kind.CARD: bytes(range(32))}).holder_of(card) == "h1:aLpYtbLbZGDVshR38c9B3lO1AIYlVYLbI_PP9iA_l2g"
    assert identifier_hash(key=bytes(range(32)), kind="card", normal_form=card.normal) == Hashes({Kind.CARD: bytes(range(32))}).holder_of(card)


def test_what_somebody_typed_never_shows():
    found = normalise(Kind.EMAIL, "canary@example.com", spelling=SPELLING)
    assert "canary" not in repr(found)
