"""The command line: help that can be copied, errors that advise, exit codes that scripts can trust."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from joserfc import jwt
from joserfc.jwk import OKPKey

from loyalty.hints import try_next
from loyalty.main import app, command_line
from loyalty.stack.places import Places, default_folder
from shared.local.keys import make_keys

ROOT = typer.main.get_command(command_line())


def commands(command: Any = ROOT, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if hasattr(command, "commands"):
        for name, child in command.commands.items():
            yield from commands(child, (*path, name))
    else:
        yield path, command


COMMANDS = dict(commands())


def examples(command: Any) -> list[str]:
    return [line.strip() for line in (command.help or "").splitlines() if line.strip().startswith("loyalty ")]


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        app(arguments)
    code = ended.value.code
    return int(code or 0)


def test_every_command_of_the_manual_is_there():
    assert set(COMMANDS) == {
        ("demo",), ("up",), ("down",), ("status",), ("till",), ("token",), ("publish",), ("simulate",), ("analyse",), ("verify",),
        ("member", "show"), ("member", "explain"),
        ("dlq", "list"), ("dlq", "show"), ("dlq", "redrive"), ("dlq", "discard"), ("consumer", "list"), ("consumer", "resume"), ("waiting", "list"),
        ("programme", "new"), ("programme", "check"), ("programme", "diff"), ("programme", "terms"), ("programme", "publish"),
            ("raffle", "verify"), ("surprise", "verify"),
        ("programme", "drafts"), ("programme", "approve"), ("programme", "migrate"),
    }  # fmt: skip


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_shows_examples_that_parse(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]):
    assert run(*path, "--help") == 0
    shown = capsys.readouterr().out
    found = examples(COMMANDS[path])
    assert found
    for example in found:
        assert " ".join(example.split()[:2]) in shown
        words = shlex.split(example)[1:]
        assert tuple(words[: len(path)]) == path
        COMMANDS[path].make_context(path[-1], words[len(path) :], parent=typer.Context(ROOT))


def test_unknown_command_and_missing_argument_are_usage_errors(capsys: pytest.CaptureFixture[str]):
    assert run("fly") == 2
    assert run("publish") == 2
    assert "FILE" in capsys.readouterr().err


def test_nothing_running_is_said_with_advice_and_its_own_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = str(tmp_path)
    assert run("status", "--data", folder) == 3
    assert run("status", "--json", "--data", folder) == 3
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"running": False, "ready": False, "folder": folder}
    assert run("down", "--data", folder) == 0
    assert run("verify", "--data", folder) == 2
    assert run("member", "show", "card:9000123412341233", "--data", folder) == 2
    assert run("token", "--scope", "accounts:read", "--data", folder) == 2
    assert "Start it with `loyalty up`" in capsys.readouterr().err


def test_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run("publish", str(tmp_path / "none.jsonl"), "--bootstrap-servers", "127.0.0.1:1") == 2
    assert "none.jsonl: No such file" in capsys.readouterr().err.replace("\n", "")


@pytest.mark.parametrize(("arguments", "advice"), [(("show", "ana"), "card:9000"), (("explain", "cdnow"), "MERCHANT/PURCHASE-ID")])
def test_name_of_nobody_is_refused_with_the_forms_there_are(arguments: tuple[str, str], advice: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run("member", *arguments, "--data", str(tmp_path)) == 2
    assert advice in capsys.readouterr().err


def test_token_carries_scopes_and_subject(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    keys = make_keys(tmp_path / "keys")
    assert run("token", "--scope", "accounts:read", "--scope", "member", "--subject", "me", "--minutes", "5", "--data", str(tmp_path)) == 0
    decoded = jwt.decode(capsys.readouterr().out.strip(), OKPKey.import_key(keys.jwt_public.read_bytes()), algorithms=["Ed25519"])
    assert decoded.claims["scope"] == "accounts:read member"
    assert decoded.claims["sub"] == "me"
    assert decoded.claims["exp"] - decoded.claims["iat"] == 300


def test_demo_empties_no_folder_that_is_not_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "letters.txt").write_text("dear")
    assert run("demo", "--data", str(tmp_path)) == 2
    assert "no demo's" in capsys.readouterr().err.replace("\n", " ")
    assert (tmp_path / "letters.txt").read_text() == "dear"


def test_command_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "loyalty", "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "demo" in done.stdout


def test_hints_can_be_typed_where_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program = tmp_path / ".venv/bin/loyalty"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(program)])
    monkeypatch.setenv("PATH", "/nowhere")
    assert try_next("verify", Places(tmp_path / ".local/demo")) == ".venv/bin/loyalty verify --data .local/demo"
    monkeypatch.setenv("PATH", str(program.parent))
    assert try_next("verify", Places(default_folder().resolve())) == "loyalty verify"
