"""docs/cases.md tells the truth: every published figure has the tests that play it, or the reason why none does."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIST = ROOT / "docs" / "cases.md"
ROW = re.compile(r"^\| T-(\d\d) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
LINK = re.compile(r"\]\(\.\./([^)]+)\)")
#: As tests write an id: `case_t_47` in a name, `T-47` in a parameter or a docstring.
MENTION = re.compile(r"(?<![A-Za-z0-9])[Tt][-_](\d\d)(?!\d)")
#: Every case there is. Ids are only names; those between were never given.
CASES = frozenset(
    re.findall(
        r"\d\d",
        "01 02 05 06 08 10 11 13 15 16 17 18 19 20 21 23 24 26 27 30 31 33 34 35 37 39 41 42 45 47 48 49 50 51 53 54 55 58 59 60 61 62 64 66 67 69"
        " 70 71 72 73 75 76 78 79 80 81 83 84 85 87 88 90 91 92",
    )
)


def played() -> dict[str, set[str]]:
    """Which test files mention which case."""
    found: dict[str, set[str]] = {}
    for folder in ("services", "tests", "loyalty"):
        for path in (ROOT / folder).rglob("test_*.py"):
            if path != Path(__file__):
                for case in MENTION.findall(path.read_text()):
                    found.setdefault(case, set()).add(str(path.relative_to(ROOT)))
    return found


def test_every_case_is_listed_once_with_its_tests_or_a_reason():
    rows = ROW.findall(LIST.read_text())
    assert sorted(case for case, _, _ in rows) == sorted(CASES)
    assert [case for case, _, by in rows if not LINK.findall(by) and not by.startswith("skipped: ")] == []


def test_the_tests_that_are_listed_play_the_case():
    listed = {case: set(LINK.findall(by)) for case, _, by in ROW.findall(LIST.read_text())}
    found = played()
    assert found.keys() == {case for case, files in listed.items() if files}
    assert {case: files - found[case] for case, files in listed.items() if files and files - found[case]} == {}
