"""What is wrong with a programme document: every problem with its line, its path, and what to do about it."""

from dataclasses import dataclass

#: How deep and wide an error list may grow before it stops helping.
MAX_PROBLEMS = 100

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong. `line` counts from 1; None where the document did not come as text."""

    line: int | None
    path: str
    message: str
    advice: str


class DocumentError(Exception):
    """A programme document that must not be published. Holds all problems found, in the order of the lines."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Say how many, and the first."""
        self.problems = problems[:MAX_PROBLEMS]
        first = problems[0]
        super().__init__(f"{len(problems)} problem(s), the first in line {first.line}, {first.path}: {first.message}")


def path_text(path: Path) -> str:
    """Write a path as people do: `earning[1].give.per`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem of a document whose parts are each in order: where, what, and what to do."""

    path: Path
    message: str
    advice: str
