"""Ids are derived, so that a replay says the same ones."""

from itertools import combinations
from uuid import RFC_4122

from hypothesis import given
from hypothesis import strategies as st

from shared.ids import derived, event_key, random_id

CAUSE = {"service": "accrual", "source": "urn:till:1", "cause": "e-1", "type": "reward.granted", "holder": "m:1"}
texts = st.text(max_size=8)
causes = st.fixed_dictionaries(dict.fromkeys(CAUSE, texts), optional={"ordinal": st.integers(0, 3)})


@given(causes)
def test_the_same_cause_gives_the_same_id_for_ever(cause: dict[str, object]):
    assert derived(**cause) == derived(**cause)  # type: ignore[arg-type]


def test_ids_are_the_ones_that_earlier_releases_gave():
    assert str(derived(**CAUSE)) == "c96b391c-eecb-8bb2-8be4-216c93a99eec"
    assert event_key("urn:till:1", "e-1").hex() == "3470bb57a2bdd7a65d9fb773e0c3149b"


@given(causes, causes)
def test_different_causes_give_different_ids(one: dict[str, object], other: dict[str, object]):
    same = {"ordinal": 0, **one} == {"ordinal": 0, **other}
    assert (derived(**one) == derived(**other)) is same  # type: ignore[arg-type]


def test_fields_do_not_run_together():
    spellings = [CAUSE | {"source": a, "cause": b} for a, b in (("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", ""))]
    assert all(derived(**one) != derived(**other) for one, other in combinations(spellings, 2))


@given(causes)
def test_a_derived_id_says_that_its_maker_chose_its_form(cause: dict[str, object]):
    made = derived(**cause)  # type: ignore[arg-type]
    assert (made.version, made.variant) == (8, RFC_4122)


@given(texts, texts)
def test_an_event_is_remembered_under_sixteen_bytes(source: str, event_id: str):
    assert len(event_key(source, event_id)) == 16


def test_random_ids_differ():
    assert len({random_id() for _ in range(1000)}) == 1000
