"""Reads YAML (or JSON, which is YAML) into plain text values that remember their lines.

Every scalar stays the text that was written, so `20.00` never becomes a float, `on` never becomes true and `16:00` never
becomes a number. Refused, with the line: duplicate keys, anchors and aliases, tags, several documents, too much of anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yaml.composer import Composer
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import AliasEvent, Event
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from accrual.domain.document.problems import DocumentError, Path, Problem, path_text

#: A programme with thousands of SKUs fits and is read within a second; a mistaken upload does not.
MAX_CHARACTERS = 131_072
MAX_DEPTH = 12

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Source:
    """A document as written: nested dicts, lists and texts (None for null), and the line of every path in it."""

    tree: Any
    lines: Mapping[Path, int]

    def line_of(self, path: Path) -> int | None:
        """Return the line of a path, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


def read_source(text: str) -> Source:
    """Read a document. Raises DocumentError where it is not one plain YAML document."""
    if len(text) > MAX_CHARACTERS:
        raise DocumentError((Problem(None, "", f"the document has more than {MAX_CHARACTERS} characters", "use labels in place of long lists of SKUs"),))
    try:
        node = _Loader(text).get_single_node()
    except ReaderError as error:
        raise DocumentError((Problem(None, "", f"a character that YAML does not allow: {error.reason}", "save the file as UTF-8 text"),)) from error
    except MarkedYAMLError as error:
        raise DocumentError((_refusal(error),)) from error
    except YAMLError as error:
        raise DocumentError((Problem(None, "", f"not YAML: {error}", "compare it with an example in programmes/"),)) from error
    if node is None:
        raise DocumentError((Problem(1, "", "the document is empty", "start from an example in programmes/"),))
    lines: dict[Path, int] = {}
    problems: list[Problem] = []
    tree = _plain(node, (), lines, problems)
    if problems:
        raise DocumentError(tuple(problems))
    return Source(tree, lines)


class _Loader(Reader, Scanner, Parser, Composer, BaseResolver):
    """PyYAML without its guesses about types, and without aliases or deep nesting."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self._depth = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        event: Event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs forget it
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise _NotPlainError("anchors and aliases are not used here", event.start_mark, "write the value out where it is needed")
        if getattr(event, "tag", None):
            raise _NotPlainError("tags are not used here", event.start_mark, "remove the part that starts with '!'")
        if self._depth == MAX_DEPTH:
            raise _NotPlainError(f"nested more than {MAX_DEPTH} deep", event.start_mark, "no programme needs that")
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _NotPlainError(MarkedYAMLError):
    def __init__(self, message: str, mark: Any, advice: str) -> None:
        super().__init__(problem=message, problem_mark=mark)
        self.advice = advice


def _refusal(error: MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    advice = error.advice if isinstance(error, _NotPlainError) else "check the indentation, the colons and the brackets around this line"
    message = error.problem or "not YAML"
    return Problem(mark.line + 1 if mark else None, "", f"{error.context}: {message}" if error.context else message, advice)


def _plain(node: Node, path: Path, lines: dict[Path, int], problems: list[Problem]) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, ScalarNode):
        return None if node.style is None and node.value in _NULLS else node.value
    if isinstance(node, SequenceNode):
        return [_plain(item, (*path, place), lines, problems) for place, item in enumerate(node.value)]
    tree: dict[str, Any] = {}
    items = node.value if isinstance(node, MappingNode) else []
    for key, value in items:
        line = key.start_mark.line + 1
        if not isinstance(key, ScalarNode):
            problems.append(Problem(line, path_text(path), "a key that is not a plain word", "write `key: value`"))
        elif key.value in tree:
            first = lines[(*path, key.value)]
            problems.append(Problem(line, path_text((*path, key.value)), f"the key stands here twice, first in line {first}", "keep one of them"))
        else:
            lines[(*path, key.value)] = line
            tree[key.value] = _plain(value, (*path, key.value), lines, problems)
    return tree
