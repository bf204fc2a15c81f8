"""The side file of a publication: how far it came, and of what, so that running it again goes on there."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import orjson

from loyalty.console import Failure


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a publication: pieces behind it, how many of them were skipped, and a digest that knows them all."""

    pieces: int = 0
    skipped: int = 0
    digest: str = ""

    def after(self, content: bytes, *, skipped: bool = False) -> "Mark":
        """Give the place behind one more piece."""
        digest = hashlib.sha256(self.digest.encode() + b"\0" + content).hexdigest()
        return Mark(self.pieces + 1, self.skipped + skipped, digest)


@dataclass(frozen=True, slots=True)
class SideFile:
    """`<FILE>.progress`. It belongs to one broker: on another everything is published from the start."""

    path: Path
    broker: str

    @classmethod
    def beside(cls, file: Path, *, broker: str) -> "SideFile":
        """Name the side file of a file."""
        return cls(file.with_name(f"{file.name}.progress"), broker)

    def read(self) -> Mark:
        """Read where the last run stopped; the start, where none did."""
        try:
            found = orjson.loads(self.path.read_bytes())
        except FileNotFoundError:
            return Mark()
        except orjson.JSONDecodeError as error:
            raise Failure(f"{self.path} is damaged.", advice="Delete it to publish from the start: events keep their ids, so repeats count once.") from error
        if found["broker"] != self.broker:
            return Mark()
        return Mark(found["pieces"], found["skipped"], found["digest"])

    def write(self, mark: Mark) -> None:
        """Remember a place whose events are all acknowledged. Replaced in one step: killed half-way, the old one stands."""
        draft = self.path.with_name(f"{self.path.name}.new")
        draft.write_bytes(orjson.dumps({"broker": self.broker, "pieces": mark.pieces, "skipped": mark.skipped, "digest": mark.digest}))
        draft.replace(self.path)

    def remove(self) -> None:
        """Forget: the publication is complete, or begins anew."""
        self.path.unlink(missing_ok=True)
