"""From text to a checked programme document, or to the list of everything that is wrong with it."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from accrual.domain.document.consistency import findings
from accrual.domain.document.document import Document
from accrual.domain.document.grammar import EXPECTED
from accrual.domain.document.problems import DocumentError, Finding, Path, Problem, path_text
from accrual.domain.document.sources import Source, read_source

#: An error repeats what was written, but not all of a page.
_LONGEST = 300

#: What pydantic's kinds of errors mean to whoever writes the document. Others keep pydantic's words.
_ADVICE = {
    "missing": ("the key is missing", "add it"),
    "string_type": ("must be one text", "write a single word or number here"),
    "model_type": ("must be keys and values", "write `key: value` lines here"),
    "dict_type": ("must be keys and values", "write `key: value` lines here"),
    "tuple_type": ("must be a list", "write it in brackets, as [a, b]"),
    "string_too_short": ("must not be empty", "write something, or leave the key out"),
    "greater_than_equal": ("too small", "write a larger number"),
    "less_than_equal": ("too large", "write a smaller number"),
    "too_short": ("must not be empty", "name at least one"),
}


def read(text: str) -> Document:
    """Read and check a document written in YAML or JSON. Raises DocumentError with all problems at once."""
    source = read_source(text)
    if not isinstance(source.tree, dict):
        raise DocumentError((Problem(1, "", "must be keys and values", "start from an example in programmes/"),))
    return _checked(source)


def read_json(document: Mapping[str, Any]) -> Document:
    """Read a document that `Document.as_json` gave, as it comes back from the store. Raises DocumentError like `read`."""
    return _checked(Source(dict(document), {}))


def _checked(source: Source) -> Document:
    problems: list[Problem] = []
    try:
        document = Document.model_validate(source.tree)
    except ValidationError as error:
        problems += [_problem(details, source) for details in _telling(error)]
        remaining, kept_rules = _without_errors(source.tree, error)
        try:
            rest = Document.model_validate(remaining)
        except ValidationError:
            pass  # what the errors left behind is no document; they are enough
        else:
            problems += [_located(finding, source, kept_rules) for finding in findings(rest)]
    else:
        problems += [_located(finding, source, None) for finding in findings(document)]
        if not problems:
            return document
    unique = dict.fromkeys(problems)
    raise DocumentError(tuple(sorted(unique, key=lambda found: (found.line or 0, found.path))))


def _telling(error: ValidationError) -> list[ErrorDetails]:
    """Return the errors without those that only follow from others: a list that has become too short by losing its bad elements."""
    errors = error.errors(include_url=False)
    places = [details["loc"] for details in errors]
    return [
        details
        for details in errors
        if details["type"] != "too_short" or not any(len(place) > len(details["loc"]) and place[: len(details["loc"])] == details["loc"] for place in places)
    ]


def _without_errors(tree: dict[str, Any], error: ValidationError) -> tuple[dict[str, Any], list[int]]:
    """Return the document without unknown keys at its top and without broken rules, and which rules are left."""
    places = [details["loc"] for details in error.errors(include_url=False)]
    broken = {place[1] for place in places if place[0] == "earning" and len(place) > 1}
    unknown = {place[0] for place in places if len(place) == 1 and place[0] not in Document.model_fields}
    remaining = {key: value for key, value in tree.items() if key not in unknown}
    rules = tree.get("earning")
    if not isinstance(rules, list):
        return remaining, []
    kept = [place for place in range(len(rules)) if place not in broken]
    remaining["earning"] = [rules[place] for place in kept]
    return remaining, kept


def _located(finding: Finding, source: Source, kept_rules: list[int] | None) -> Problem:
    path = finding.path
    if kept_rules is not None and len(path) > 1 and path[0] == "earning" and isinstance(path[1], int):
        path = ("earning", kept_rules[path[1]], *path[2:])
    return Problem(source.line_of(path), path_text(path), finding.message, finding.advice)


def _problem(details: ErrorDetails, source: Source) -> Problem:
    path = _written(details["loc"], source.tree)
    kind, context = details["type"], details.get("ctx", {})
    if kind == "document":
        message, advice = context["text"], context["advice"]
    elif kind == "extra_forbidden":
        message, advice = f"unknown key `{path[-1]}`", _similar(str(path[-1]), sorted(_keys_around(path)))
    elif kind in {"literal_error", "enum"}:
        message, advice = (
            f"unknown value `{details['input']}`",
            _similar(str(details["input"]), context["expected"].replace("'", "").replace(" or ", ", ").split(", ")),
        )
    elif kind == "string_pattern_mismatch":
        message, advice = f"`{details['input']}` is not written as it should be", f"write {EXPECTED[context['pattern']]}"
    else:
        message, advice = _ADVICE.get(kind, (details["msg"], "compare it with an example in programmes/"))
    return Problem(source.line_of(path), path_text(path), message[:_LONGEST], advice[:_LONGEST])


def _written(place: tuple[str | int, ...], tree: Any) -> Path:
    """Return the part of an error's place that the writer wrote: without the names pydantic gives to members of a union."""
    path: list[str | int] = []
    for number, part in enumerate(place):
        last = number == len(place) - 1
        if isinstance(tree, dict) and (part in tree or last):
            path.append(part)
            tree = tree.get(part)
        elif isinstance(tree, list) and isinstance(part, int) and part < len(tree):
            path.append(part)
            tree = tree[part]
    return tuple(path)


def _similar(word: str, known: list[str]) -> str:
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(known)}"


def _keys_around(path: Path) -> set[str]:
    """Return the keys that are allowed beside the last part of a path."""
    models: list[type[BaseModel]] = [Document]
    for part in path[:-1]:
        if isinstance(part, int):
            continue
        annotations = [field.annotation for model in models for name, field in model.model_fields.items() if part in (name, field.alias)]
        models = [found for annotation in annotations for found in _models_in(annotation)]
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for argument in get_args(annotation) for found in _models_in(argument)]
