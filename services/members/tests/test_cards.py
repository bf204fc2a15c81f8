from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.normal_forms import NoIdentifierError
from contracts.normal_forms import normal_form as form_of
from members.domain.cards import check_digit, issue

PREFIXES = frozenset({"9000"})
issued = st.binary(min_size=16, max_size=32).map(lambda randomness: issue("9000", randomness=randomness))


def normal_form(typed: str, *, prefixes: frozenset[str]) -> str | None:
    """What every store makes of a card number; nothing, of what is none."""
    try:
        return form_of("card", typed, region="RU", card_prefixes=prefixes)
    except NoIdentifierError:
        return None


@given(issued)
def test_an_issued_card_is_a_card(card: str):
    assert len(card) == 16
    assert normal_form(card, prefixes=PREFIXES) == card


@given(issued, st.integers(0, 15), st.integers(1, 9))
def test_every_single_wrong_digit_is_found(card: str, place: int, change: int):
    wrong = f"{card[:place]}{(int(card[place]) + change) % 10}{card[place + 1 :]}"
    assert normal_form(wrong, prefixes=frozenset({wrong[:4]})) is None


@given(issued, st.integers(0, 14))
def test_every_swap_of_neighbours_is_found_except_nine_and_nought(card: str, place: int):
    first, second = card[place : place + 2]
    assume(first != second and {first, second} != {"0", "9"})
    swapped = card[:place] + second + first + card[place + 2 :]
    assert normal_form(swapped, prefixes=frozenset({swapped[:4]})) is None


def test_the_check_digit_is_luhns():
    assert check_digit("7992739871") == "3"


@given(issued, st.lists(st.sampled_from(" -\u00a0"), max_size=5), st.integers(1, 15))
def test_a_card_may_be_typed_with_blanks_and_hyphens(card: str, between: list[str], place: int):
    assert normal_form(card[:place] + "".join(between) + card[place:], prefixes=PREFIXES) == card


def test_a_card_of_another_programme_is_not_ours():
    assert normal_form(issue("4276", randomness=b"x" * 16), prefixes=PREFIXES) is None


def test_digits_of_other_scripts_are_no_card():
    assert normal_form("9000" + "\N{ARABIC-INDIC DIGIT ZERO}" * 12, prefixes=PREFIXES) is None
