"""Reads programme documents from files, and shows what is wrong with them."""

from pathlib import Path
from typing import Any

from rich.text import Text

from accrual.domain.document.document import Document
from accrual.domain.document.problems import DocumentError, Problem
from accrual.domain.document.reading import read
from loyalty.console import COULD_NOT, Failure


def text_of(path: Path) -> str:
    """Read a file. Fails where there is none, or where it is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error.strerror}.", advice="Check the name.", code=COULD_NOT) from error
    except UnicodeDecodeError as error:
        raise Failure(f"{path} is no UTF-8 text.", advice="Save it as UTF-8.", code=COULD_NOT) from error


def document_of(path: Path) -> Document:
    """Read a document. Fails with every problem, its line and what to do about it."""
    try:
        return read(text_of(path))
    except DocumentError as error:
        raise refused(path, error.problems) from error


def refused(path: Path, problems: tuple[Problem, ...]) -> Failure:
    """Say what is wrong with a document, one line each."""
    lines = [line_of(problem.line, problem.path, problem.message, problem.advice) for problem in problems]
    return Failure("\n".join([f"{path} cannot be published: {_count(len(lines))}.", *lines]), advice="Mend it, and check it again.")


def line_of(line: int | None, path: str, message: str, advice: str) -> str:
    """Write a problem: where, what, and what to do."""
    where = ", ".join(part for part in (f"line {line}" if line else "", path) if part)
    return f"  {where or 'document'}: {message}. {advice[:1].upper()}{advice[1:]}{'' if advice.endswith('?') else '.'}"


def recorded(problem: Problem) -> dict[str, Any]:
    """Return a problem as JSON."""
    return {"line": problem.line, "path": problem.path, "message": problem.message, "advice": problem.advice}


def shown(text: str, *, worse: bool) -> Text:
    """Colour what members lose by."""
    return Text(text, style="red" if worse else "")


def _count(number: int) -> str:
    return "one problem" if number == 1 else f"{number} problems"
