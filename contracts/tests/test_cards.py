import pytest
from pydantic import ValidationError

from contracts.cards import cards_folder, parse_card
from contracts.catalogue import TOPICS, TYPES, load_cards

PURCHASES = (cards_folder() / "purchases.yaml").read_text()


def test_every_topic_has_a_card_and_every_card_a_topic():
    assert {card.topic for card in load_cards()} == TOPICS
    assert len(load_cards()) == len(list(cards_folder().glob("*")))


def test_cards_and_catalogue_name_the_same_events_on_the_same_topics():
    from_cards = {(event, card.topic) for card in load_cards() for event in card.events}
    assert from_cards == {(name, entry.topic) for name, entry in TYPES.items()}


def test_a_misspelt_field_makes_a_card_unreadable():
    for right, wrong in (("retention_days:", "retention_day:"), ("partitions:", "partition:"), ("consumers: [accrual]", "consumers: [acrual]")):
        with pytest.raises(ValidationError):
            parse_card(PURCHASES.replace(right, wrong))


def test_topics_keyed_by_holder_have_one_count_of_partitions():
    counts = {card.topic: card.partitions for card in load_cards() if not card.compacted}
    assert set(counts.values()) == {12}, "one hash of the holder must give one partition everywhere"


def test_each_consumer_has_its_own_topic_of_dead_letters_that_takes_a_whole_original():
    for card in load_cards():
        original, *dead = card.topics()
        assert [topic.name for topic in dead] == [f"{card.topic}.{service}.dlq" for service in card.consumers]
        for topic in dead:
            assert int(topic.config["max.message.bytes"]) >= 2 * int(original.config["max.message.bytes"])


def test_who_hears_what_is_as_designed():
    hears = {(service, card.topic.split(".")[1]) for card in load_cards() for service in card.consumers}
    assert hears == {
        ("accrual", "purchases"),
        ("accrual", "activities"),
        ("accrual", "members"),
        ("accrual", "segments"),
        ("members", "registrations"),
        ("members", "rewards"),
    }


def test_input_is_kept_a_week_at_least_so_that_a_restored_database_catches_up():
    assert all(card.retention_days is None or card.retention_days >= 7 for card in load_cards())


def test_whatever_is_sealed_for_a_person_is_gone_after_a_week_dead_letters_too():
    card = next(card for card in load_cards() if card.topic == "loyalty.registrations.v1")
    assert (card.retention_days, card.dead_letters.retention_days) == (7, 7)
