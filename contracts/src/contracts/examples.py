"""The committed examples: records as a person writes them, one file each."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from contracts.envelope import Record


@dataclass(frozen=True, slots=True)
class Example:
    """One example, with the file it stands in and the sentence that says what it shows."""

    path: Path
    about: str
    record: Record

    @property
    def type(self) -> str:
        """The event type, which is the name of the folder."""
        return self.path.parent.name


def load_examples(folder: Path) -> tuple[Example, ...]:
    """Read every example under the folder, by event type and name."""
    return tuple(_example(path) for path in sorted(folder.glob("*/*.json")))


def _example(path: Path) -> Example:
    written: Mapping[str, Any] = json.loads(path.read_text())
    record = Record(
        topic=written["topic"],
        key=written["key"].encode(),
        value=orjson.dumps(written["value"]),
        headers=tuple((name, value.encode()) for name, value in written["headers"].items()),
    )
    return Example(path=path, about=written["about"], record=record)
