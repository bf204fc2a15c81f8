import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.catalogue import TYPES, load_cards
from contracts.export import FOLDER, INDEX, main, stale


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of what is committed, to be spoilt."""
    for name in ("schemas", "examples"):
        shutil.copytree(FOLDER / name, tmp_path / name)
    shutil.copy(FOLDER / "asyncapi.yaml", tmp_path)
    return tmp_path


def test_what_is_committed_is_what_the_models_say():
    assert stale(FOLDER) == []


def test_a_stale_file_is_named_and_written_anew(copied: Path, capsys: pytest.CaptureFixture[str]):
    schema = copied / "schemas/written/loyalty.reward.granted.v1.json"
    schema.write_text(schema.read_text().replace("maximum", "minimum"))
    orphan = copied / "schemas/accepted/loyalty.reward.forgotten.v1.json"
    orphan.write_text("{}")
    (copied / "asyncapi.yaml").unlink()
    assert main(["--check", "--folder", str(copied)]) == 1
    said = capsys.readouterr().err
    assert all(name in said for name in ("written/loyalty.reward.granted.v1.json", "loyalty.reward.forgotten.v1", "asyncapi.yaml"))
    assert main(["--folder", str(copied)]) == 0
    assert main(["--check", "--folder", str(copied)]) == 0
    assert not orphan.exists()


def test_a_new_example_is_missed_in_the_index_until_it_is_written(copied: Path):
    folder = copied / "examples/loyalty.member.registered.v1"
    shutil.copy(folder / "company.json", folder / "household.json")
    assert stale(copied) == [INDEX]
    assert main(["--folder", str(copied)]) == 0
    assert "loyalty.member.registered.v1/household.json" in json.loads((copied / INDEX).read_text())


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_text(path.read_text().replace("club", "clan"))], ids=["deleted", "changed"])
def test_an_example_once_committed_cannot_be_lost(copied: Path, capsys: pytest.CaptureFixture[str], harm: Any):
    harm(copied / "examples/loyalty.member.registered.v1/company.json")
    assert main(["--folder", str(copied)]) == 1
    assert main(["--check", "--folder", str(copied)]) == 1
    assert "loyalty.member.registered.v1/company.json" in capsys.readouterr().err


def test_a_promise_of_a_release_cannot_be_broken(copied: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--check", "--released", str(copied)]) == 0
    released = copied / "schemas/written/loyalty.reward.granted.v1.json"
    schema = json.loads(released.read_text())
    schema["properties"]["mood"] = {"type": "string"}
    schema["required"].append("mood")
    released.write_text(json.dumps(schema))
    shutil.copy(released, released.with_name("loyalty.reward.gone.v1.json"))
    assert main(["--check", "--released", str(copied)]) == 1
    said = capsys.readouterr().err
    assert "written loyalty.reward.granted.v1 /mood: removed" in said
    assert "written loyalty.reward.gone.v1 removed" in said


def test_schemas_exist_for_every_event_type_and_for_nothing_else():
    for side in ("accepted", "written"):
        assert {path.stem for path in (FOLDER / "schemas" / side).iterdir()} == TYPES.keys()
    assert {path.name for path in (FOLDER / "examples").iterdir() if path.is_dir()} == TYPES.keys()


def test_asyncapi_tells_of_every_topic_and_message_and_of_who_says_and_hears_it():
    document = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text())
    assert document["asyncapi"] == "3.0.0"
    assert {channel["address"] for channel in document["channels"].values()} == {card.topic for card in load_cards()}
    assert {name for channel in document["channels"].values() for name in channel["messages"]} == TYPES.keys()
    assert document["components"]["messages"].keys() == TYPES.keys()
    ends = sum(len(card.producers) + len(card.consumers) for card in load_cards())
    assert len(document["operations"]) == ends


def test_every_reference_in_asyncapi_leads_somewhere():
    document = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text())
    references = list(_references(document))
    assert references
    for reference in references:
        if reference.startswith("#/"):
            node = document
            for step in reference[2:].split("/"):
                node = node[step]
        else:
            assert (FOLDER / reference).is_file(), reference


def _references(node: Any) -> Any:
    if isinstance(node, dict):
        yield from [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        for child in node.values():
            yield from _references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _references(child)
