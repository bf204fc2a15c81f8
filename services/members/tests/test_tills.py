import json
from base64 import urlsafe_b64encode
from datetime import timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from members.clients.tills import Tills
from members.domain.identifiers import Fault

from .builders import NOON, a_proof, till_key

tills = Tills(till_key())
PROOF = a_proof("r-1", ["h1:a"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda each: st.lists(each, max_size=2) | st.dictionaries(st.text(max_size=5), each, max_size=2),
)
parts = json_values.map(lambda value: urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode())


def seen(proof: str) -> frozenset[str] | str:
    found = tills.seen(proof, registration_id="r-1", at=NOON)
    return found.code if isinstance(found, Fault) else found


def test_a_trusted_tills_statement_is_believed_until_it_expires():
    assert seen(PROOF) == {"h1:a"}
    assert tills.seen(PROOF, registration_id="r-1", at=NOON + timedelta(minutes=14)) == {"h1:a"}
    late = tills.seen(PROOF, registration_id="r-1", at=NOON + timedelta(minutes=16))
    assert isinstance(late, Fault)
    assert late.code == "proof-expired"
    assert seen(a_proof("r-1", ["h1:a"], at=NOON + timedelta(hours=1))) == "proof-invalid"


@given(st.text(max_size=60) | st.lists(parts | st.text(max_size=8), min_size=3, max_size=5).map(".".join))
def test_no_other_text_is_a_proof_and_none_does_harm(text: str):
    assert seen(text) == "proof-invalid"


@given(st.integers(0, len(PROOF) - 2), st.characters(codec="ascii"))
def test_a_changed_proof_is_none(place: int, character: str):
    changed = PROOF[:place] + character + PROOF[place + 1 :]
    assume(changed != PROOF)
    assert seen(changed) == "proof-invalid"


def test_every_claim_is_wanted_and_has_its_form():
    for claim, bad in {
        "iss": [None, "store:7", "till:", "till:a b", 7],
        "aud": [None, "loyalty-gateway", []],
        "sub": [None, 7],
        "exp": [None, "tomorrow"],
        "iat": [None, "today"],
        "identifiers": [None, [], "h1:a", [1], {"h1:a": 1}],
    }.items():
        for value in bad:
            assert seen(a_proof("r-1", ["h1:a"], **{claim: value})) == "proof-invalid"
