import json
from dataclasses import replace

import jsonschema
import orjson
import pytest

from contracts.catalogue import TYPES
from contracts.envelope import decode, encode
from contracts.examples import Example, load_examples
from contracts.export import FOLDER
from contracts.schemas import Side, close


def validator(event_type: str, side: Side, *, closed: bool = False) -> jsonschema.Draft202012Validator:
    schema = json.loads((FOLDER / "schemas" / side / f"{event_type}.json").read_text())
    return jsonschema.Draft202012Validator(close(schema) if closed else schema, format_checker=jsonschema.FormatChecker())


def data_of(record_value: bytes) -> object:
    value = orjson.loads(record_value)
    return value["data"] if "specversion" in value else value


def test_every_example_is_accepted_and_stands_in_the_folder_of_its_type(example: Example):
    event = decode(example.record)
    assert event.type == example.type
    assert event.data.type == example.type


def test_every_example_survives_being_written_again(example: Example):
    event = decode(example.record)
    written = encode(event)
    assert decode(written) == event
    assert (written.topic, written.key) == (example.record.topic, example.record.key)
    assert encode(decode(written)) == written


def test_every_example_obeys_the_schema_of_what_is_accepted_and_misspells_nothing(example: Example):
    validator(example.type, "accepted", closed=True).validate(data_of(example.record.value))


def test_what_we_write_obeys_the_schema_of_what_is_written(example: Example):
    body = orjson.loads(encode(decode(example.record)).value)
    validator(example.type, "written").validate(body)
    validator(example.type, "accepted").validate(body)
    with pytest.raises(jsonschema.ValidationError):
        validator(example.type, "written").validate(body | {"nobody_described": 1})


def test_a_reader_is_blind_to_fields_it_does_not_know(example: Example):
    if b"specversion" in example.record.value:
        return
    more = replace(example.record, value=orjson.dumps(orjson.loads(example.record.value) | {"nobody_described": {"deep": [1, 2]}}))
    assert decode(more) == decode(example.record)


def test_every_type_has_a_minimal_example_and_one_of_each_mode():
    by_type: dict[str, list[Example]] = {}
    for example in load_examples(FOLDER / "examples"):
        by_type.setdefault(example.type, []).append(example)
    assert by_type.keys() == TYPES.keys()
    for event_type, examples in by_type.items():
        assert "minimal" in {example.path.stem for example in examples}, event_type
        modes = {dict(example.record.headers)["content-type"].split(b";")[0] for example in examples}
        assert modes == {b"application/json", b"application/cloudevents+json"}, event_type


def test_a_minimal_example_lacks_nothing_and_has_nothing_to_spare():
    for example in load_examples(FOLDER / "examples"):
        if example.path.stem != "minimal":
            continue
        body = orjson.loads(example.record.value)
        required = validator(example.type, "accepted").schema["required"]
        assert set(required) <= body.keys()
        for name in required:
            short = {key: value for key, value in body.items() if key != name}
            assert not validator(example.type, "accepted").is_valid(short), f"{example.type} without {name}"
