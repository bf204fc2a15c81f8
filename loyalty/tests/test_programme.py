"""What can be done with a programme document before anybody is asked: check it, compare it, say it in words."""

import json
from pathlib import Path

import pytest

from loyalty.main import app

PROGRAMMES = Path(__file__).parents[2] / "programmes"
COFFEE = PROGRAMMES / "coffee-bonus.yaml"


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        app([str(each) for each in arguments])
    return int(ended.value.code or 0)


@pytest.fixture
def worse(tmp_path: Path) -> Path:
    """A next version of the coffee bonus that gives less on purchases."""
    path = tmp_path / "next.yaml"
    path.write_text(COFFEE.read_text().replace("version: 1", "version: 2").replace("per: 20.00", "per: 25.00"))
    return path


@pytest.mark.parametrize("path", sorted(PROGRAMMES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_is_in_order(path: Path, capsys: pytest.CaptureFixture[str]):
    assert run("programme", "check", path) == 0
    assert "is in order" in capsys.readouterr().out


def test_an_error_has_its_line_and_an_advice(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    broken = tmp_path / "broken.yaml"
    broken.write_text(COFFEE.read_text().replace("per: 20.00", "pro: 20.00"))
    assert run("programme", "check", broken) == 1
    line = broken.read_text().splitlines().index(next(line for line in broken.read_text().splitlines() if "pro: 20" in line)) + 1
    assert f"line {line}, earning[0].give.pro: unknown key `pro`. Did you mean `per`?" in capsys.readouterr().err
    assert run("programme", "check", broken, "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["errors"][0]["line"]) == (False, line)


def test_what_is_hardly_meant_is_a_warning(capsys: pytest.CaptureFixture[str]):
    assert run("programme", "check", PROGRAMMES / "quickstart.yaml", "--json") == 0
    assert {each["part"] for each in json.loads(capsys.readouterr().out)["warnings"]} == {"notice", "expiry", "cap"}


def test_a_file_that_is_not_there_is_said_so(capsys: pytest.CaptureFixture[str]):
    assert run("programme", "check", "nowhere.yaml") == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_change_is_said_in_words_and_what_members_lose_by_is_marked(worse: Path, capsys: pytest.CaptureFixture[str]):
    assert run("programme", "diff", COFFEE, worse) == 1
    shown = capsys.readouterr()
    assert "! base  (earning/base)" in shown.out
    assert "- Beans: 1 for each 20 RUB." in shown.out
    assert "+ Beans: 1 for each 25 RUB." in shown.out
    assert "notice period" in shown.err
    assert run("programme", "diff", worse, COFFEE, "--lang", "ru", "--json") == 0
    change = json.loads(capsys.readouterr().out)["changes"][0]
    assert (change["worse"], change["after"]) == (False, "Зёрна: 1 за каждые 20 RUB.")


def test_terms_are_written_in_each_language_and_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run("programme", "terms", COFFEE, "--lang", "ru") == 0
    assert "**first-cup.** Зёрна: 50; за первую покупку. `earning/first-cup`" in capsys.readouterr().out
    page = tmp_path / "terms.html"
    assert run("programme", "terms", COFFEE, "--format", "html", "--output", page) == 0
    assert '<p id="earning/first-cup">' in page.read_text()
    capsys.readouterr()
    assert run("programme", "terms", COFFEE, "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["sections"][0]["title"] == "The programme"
