"""What can be done with a programme document before anybody is asked: check it, compare it, say it in words."""

import json
from pathlib import Path

import pytest

from loyalty.main import app
from loyalty.programme.beginning import QUESTIONS, Kind

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


def test_points_that_leave_before_goods_come_back_are_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    document = (PROGRAMMES / "quickstart.yaml").read_text()
    for number, (returns, warned) in enumerate((("clamp", True), ("debt", False))):
        file = tmp_path / f"{number}.yaml"
        file.write_text(f"{document}\nspending: {{transfer: keep}}\nreturns: {{spent: {returns}}}\n")
        assert run("programme", "check", file, "--json") == 0
        parts = {each["part"] for each in json.loads(capsys.readouterr().out)["warnings"]}
        assert ("spending.transfer" in parts) is warned


def test_rewards_that_nobody_gets_and_coupons_that_bring_nothing_are_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "idle.yaml"
    rewards = "[{id: mug, kind: gift}, {id: tea, kind: gift, cost: 50}, {id: thanks, choice: [tea, mug2]}, {id: mug2, kind: gift}]"
    used = "discounts: [{id: off, percent: 5, when: {coupon: shown}}]"
    coupons = "[{id: hello, code: HELLO}, {id: shown, code: SHOWN}]"
    file.write_text(f"{(PROGRAMMES / 'quickstart.yaml').read_text()}\nrewards: {rewards}\ncoupons: {coupons}\n{used}\n")
    assert run("programme", "check", file, "--json") == 0
    parts = {each["part"] for each in json.loads(capsys.readouterr().out)["warnings"]}
    assert {part for part in parts if "/" in part} == {"rewards/mug", "rewards/thanks", "coupons/hello"}


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


def test_what_a_transition_eases_is_marked_otherwise_and_stops_nobody(worse: Path, capsys: pytest.CaptureFixture[str]):
    worse.write_text(worse.read_text() + "\ntransition: {existing: better_of, until: 2027-06-30}\n")
    assert run("programme", "diff", COFFEE, worse) == 0
    shown = capsys.readouterr()
    assert "~ base  (earning/base)" in shown.out
    assert "only after 2027-06-30" in " ".join(shown.err.split())


def test_a_change_told_in_russian_is_told_in_russian_to_its_end(worse: Path, capsys: pytest.CaptureFixture[str]):
    assert run("programme", "diff", COFFEE, worse, "--lang", "ru") == 1
    shown = capsys.readouterr()
    assert "version: участникам не сообщается" in shown.out
    assert "вступает в силу только после срока уведомления" in " ".join(shown.err.split())
    assert run("programme", "diff", COFFEE, COFFEE, "--lang", "ru") == 0
    assert capsys.readouterr().out == "Для участников ничего не меняется.\n"


def test_terms_are_written_in_each_language_and_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run("programme", "terms", COFFEE, "--lang", "ru") == 0
    assert "**first-cup.** Зёрна: 50; за первую покупку. `earning/first-cup`" in capsys.readouterr().out
    page = tmp_path / "terms.html"
    assert run("programme", "terms", COFFEE, "--format", "html", "--output", page) == 0
    assert '<p id="earning/first-cup">' in page.read_text()
    capsys.readouterr()
    assert run("programme", "terms", COFFEE, "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["sections"][0]["title"] == "The programme"


ANSWERS = [f"--{key}={example}" for key, (_, example) in QUESTIONS.items()]


@pytest.mark.parametrize("kind", Kind)
def test_a_new_document_of_each_kind_is_in_order(kind: Kind, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "our-club.yaml"
    assert run("programme", "new", path, "--kind", kind, *ANSWERS) == 0
    assert "#" in path.read_text()
    capsys.readouterr()
    assert run("programme", "check", path, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "errors": [], "warnings": []}
    for language in ("en", "ru"):
        assert run("programme", "terms", path, "--lang", language) == 0
        assert "Our club" in capsys.readouterr().out


def test_what_a_new_document_only_proposes_is_in_order_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "our-club.yaml"
    assert run("programme", "new", path, *ANSWERS) == 0
    written, proposed = path.read_text().split("# More reasons to come")
    path.write_text(written + "#" + proposed.replace("\n# ", "\n"))
    capsys.readouterr()
    assert run("programme", "check", path, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "errors": [], "warnings": []}
    assert run("programme", "terms", path) == 0
    assert "`referrals`" in capsys.readouterr().out


def test_a_new_document_overwrites_nothing_and_asks_for_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "our-club.yaml"
    assert run("programme", "new", path, *ANSWERS[1:]) == 2
    assert "--name is missing" in capsys.readouterr().err
    assert run("programme", "new", path, *ANSWERS[:-1], "--percent", "much") == 2
    assert "'much' is no percentage" in capsys.readouterr().err
    assert run("programme", "new", path, *ANSWERS[:3], "--zone", "Mars/Olympus", "--percent", "5") == 1
    assert "no such time zone" in capsys.readouterr().err
    assert not path.exists()
    path.write_text("mine")
    assert run("programme", "new", path, *ANSWERS) == 2
    assert path.read_text() == "mine"


def test_names_that_mean_something_in_yaml_stay_names(tmp_path: Path):
    path = tmp_path / "our-club.yaml"
    assert run("programme", "new", path, '--name=A "club": {of} # ours $$x', *ANSWERS[1:]) == 0
    assert "A 'club': {of} # ours $$x" in path.read_text()


SALES = """purchase_id,customer,occurred_at,sku,category,paid_amount
1,ana,2025-03-01T10:00:00Z,tea,tea,12.00
2,ben,2025-03-02T10:00:00Z,cup,crockery,60.00
3,ana,2025-03-03T10:00:00Z,tea,tea,8.00
"""


def test_what_never_happens_with_real_purchases_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    sales, document = tmp_path / "sales.csv", tmp_path / "our-club.yaml"
    sales.write_text(SALES)
    document.write_text(
        """
programme: our-club
version: 1
effective_from: 2026-01-01
zone: UTC
currency: EUR
merchants: [shop]
points: {name: {en: points}, worth: 0.10}
earning:
  - {id: base, give: {points: 1, per: 1.00}, cap: {points: 50, per: month}}
  - {id: tea, when: {category: tea}, give: {multiply: 2}, cap: {points: 500, per: month}}
  - {id: records, when: {category: records}, give: {multiply: 2}}
cap: {points: 5000, per: day}
expiry: {after: 12 months}
notice: 30 days
tiers:
  by: money_spent
  window: 12 months
  levels: [{id: friend, from: 0}, {id: silver, from: 50}, {id: gold, from: 1000}]
"""
    )
    assert run("programme", "check", document, "--purchases", sales, "--json") == 0
    warnings = {each["part"]: each["message"] for each in json.loads(capsys.readouterr().out)["warnings"]}
    assert set(warnings) == {"earning/records", "earning/tea/cap", "cap", "tiers/levels/gold"}
    assert warnings["tiers/levels/gold"] == "nobody gets there: the best member has money spent 60"
