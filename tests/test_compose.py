"""docker-compose.yml and Dockerfile, as far as they can be checked without an engine: parsed, and compared with the code."""

import fnmatch
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from pydantic import BaseModel
from pydantic_settings import BaseSettings

import accrual.settings
import gateway.settings
import members.settings
from loyalty.stack.containers import SHARES, STEPS
from loyalty.stack.programs import SERVICES

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
FILES = ("docker-compose.yml", "Dockerfile", ".dockerignore", *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "deploy/docker").rglob("*.*"))))
SETTINGS: dict[str, type[BaseSettings]] = {"accrual": accrual.settings.Settings, "members": members.settings.Settings, "gateway": gateway.settings.Settings}
PINNED = re.compile(r"[a-z0-9./-]+:[a-zA-Z0-9._-]+@sha256:[0-9a-f]{64}")
PARTS: dict[str, dict[str, Any]] = COMPOSE["services"]


def the(instruction: str) -> list[str]:
    """List what the Dockerfile says after each such instruction."""
    return re.findall(rf"^{instruction} +(.+)$", DOCKERFILE, re.MULTILINE)


def environment_of_image() -> dict[str, str]:
    """Say what our own images set."""
    return dict(pair.split("=", 1) for line in the("ENV") for pair in line.split())


def variables_of(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Name every variable that a service reads."""
    for name, field in model.model_fields.items():
        kinds = [kind for kind in (field.annotation, *getattr(field.annotation, "__args__", ())) if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if kinds:
            yield from variables_of(kinds[0], f"{prefix}{name}_")
        else:
            yield f"{prefix}{name}".upper()


def volumes_of(part: str) -> Iterator[tuple[str, str]]:
    """List what a part mounts, as (source, target)."""
    for volume in PARTS[part].get("volumes", ()):
        if isinstance(volume, str):
            source, target = volume.split(":")[:2]
            yield source, target
        else:
            yield f"{volume['source']}/{volume['volume']['subpath']}", volume["target"]


def test_every_service_is_there():
    assert {*SERVICES, "kafka", "postgres", "prometheus", "grafana"} <= PARTS.keys()


@pytest.mark.parametrize("part", PARTS)
def test_an_image_is_pinned_by_its_digest_or_built_from_this_tree(part: str):
    image, build = PARTS[part]["image"], PARTS[part].get("build")
    if build is None:
        assert PINNED.fullmatch(image)
    else:
        assert build["context"] == "."
        assert image == f"loyalty/{'command' if build['args']['SERVICE'] == 'loyalty' else part}:local"


def test_the_dockerfile_builds_on_one_pinned_image():
    outside = [source for line in the("FROM") if (source := line.split(" AS ")[0]) not in {"base", "build"}]
    assert [bool(PINNED.fullmatch(source)) for source in outside] == [True]


@pytest.mark.parametrize("part", SETTINGS)
def test_every_variable_is_a_setting_and_every_needed_setting_is_given(part: str, monkeypatch: pytest.MonkeyPatch):
    given = PARTS[part]["environment"]
    assert given.keys() - set(variables_of(SETTINGS[part])) == set()
    for name in [*variables_of(SETTINGS[part])]:
        monkeypatch.delenv(name, raising=False)
    for name, value in {**environment_of_image(), **given}.items():
        if name != "PATH":
            monkeypatch.setenv(name, value)
    settings = SETTINGS[part]()
    assert settings.model_dump()["http"]["port"] == int(environment_of_image()["HTTP_PORT"])


def test_the_image_sets_nothing_that_no_service_reads():
    ours = {name for name in environment_of_image() if not name.startswith(("PATH", "PIP_", "PYTHON", "SERVICE"))}
    assert ours == {"HTTP_HOST", "HTTP_PORT"}
    assert ours <= set.intersection(*(set(variables_of(model)) for model in SETTINGS.values()))


@pytest.mark.parametrize("part", SETTINGS)
def test_a_service_is_given_the_keys_that_it_reads_and_no_others(part: str):
    assert dict(volumes_of(part)) == {f"stack/{part}": "/run/loyalty"}
    named = {found for value in PARTS[part]["environment"].values() for found in re.findall(r"/run/loyalty/([^\s&]+)", value)}
    assert named - {"pgpass"} == set(SHARES[part])


def test_steps_are_those_of_the_program_and_every_one_is_waited_for():
    jobs = {part for part in PARTS if PARTS[part]["restart"] == "no" and not PARTS[part].get("profiles")}
    assert {part: PARTS[part]["entrypoint"][-1] for part in jobs} == {step: step for step in STEPS}
    # `up --wait` takes a job that has ended for a failure unless somebody waits for its success.
    awaited = {name for part in PARTS.values() for name, how in part.get("depends_on", {}).items() if how["condition"] == "service_completed_successfully"}
    assert awaited == jobs


@pytest.mark.parametrize("part", PARTS)
def test_who_is_waited_for_can_say_that_it_is_ready(part: str):
    for name, how in PARTS[part].get("depends_on", {}).items():
        needed = PARTS[name]
        if how["condition"] == "service_healthy":
            assert "healthcheck" in needed or "build" in needed
            assert not needed.get("healthcheck", {}).get("disable")
        else:
            assert how["condition"] == "service_completed_successfully"


def test_nobody_waits_for_himself():
    def before(part: str, way: tuple[str, ...] = ()) -> None:
        assert part not in way
        for name in PARTS[part].get("depends_on", {}):
            before(name, (*way, part))

    for part in PARTS:
        before(part)


def test_addresses_lead_to_parts_and_to_ports_that_they_listen_on():
    listening = {name: int(environment_of_image()["HTTP_PORT"]) for name in SERVICES} | {"kafka": 9092, "postgres": 5432, "prometheus": 9090}
    texts = [
        *(str(value) for part in PARTS.values() for value in part.get("environment", {}).values()),
        (ROOT / "deploy/docker/grafana/datasource.yaml").read_text(),
    ]
    found = {(address.hostname, address.port) for text in texts for url in re.findall(r"\b(?:https?|postgresql)://\S+", text) for address in [urlsplit(url)]}
    found |= {("kafka", int(port)) for text in texts for port in re.findall(r"^kafka:(\d+)$", text)}
    assert found <= {*listening.items()}
    assert {"accrual", "members", "postgres", "kafka", "prometheus"} <= {host for host, _ in found}
    assert f"INSIDE://:{listening['kafka']}" in PARTS["kafka"]["environment"]["KAFKA_LISTENERS"]


def test_what_prometheus_asks_is_there():
    config = yaml.safe_load((ROOT / "deploy/observability/prometheus.yml").read_text())
    asked = [names for job in config["scrape_configs"] for names in job.get("dns_sd_configs", ())]
    assert {name for names in asked for name in names["names"]} == {*SERVICES}
    assert {names["port"] for names in asked} == {int(environment_of_image()["HTTP_PORT"])}
    mounted = {target: source for source, target in volumes_of("prometheus")}
    for pattern in config["rule_files"]:
        file = Path("/etc/prometheus") / pattern
        assert [*(ROOT / mounted[str(file.parent)]).glob(file.name)]


@pytest.mark.parametrize("part", PARTS)
def test_ports_are_open_to_this_machine_alone(part: str):
    for port in PARTS[part].get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:(\d+|\$\{[A-Z]+_PORT:-\d+\}):\d+", port)


@pytest.mark.parametrize("part", PARTS)
def test_what_is_mounted_is_there(part: str):
    for source, _ in volumes_of(part):
        assert (ROOT / source).exists() if source.startswith(".") else source.split("/")[0] in COMPOSE["volumes"]
    for source, how in ((volume, volume.split(":")[2:]) for volume in PARTS[part].get("volumes", ()) if isinstance(volume, str)):
        assert how == ["ro"] or not source.startswith(".")


def test_grafana_finds_its_boards():
    provider = yaml.safe_load((ROOT / "deploy/docker/grafana/dashboards.yaml").read_text())["providers"][0]
    assert provider["options"]["path"] in {target for _, target in volumes_of("grafana")}
    boards = [*(ROOT / "deploy/observability/dashboards").glob("*.json")]
    assert boards
    source = yaml.safe_load((ROOT / "deploy/docker/grafana/datasource.yaml").read_text())["datasources"][0]["uid"]
    for board in boards:
        used = {each["uid"] for each in _objects(json.loads(board.read_text()), "datasource") if "uid" in each}
        assert used <= {source, "-- Grafana --", "${datasource}"}


def _objects(value: Any, name: str) -> Iterator[Mapping[str, Any]]:
    """Find every object under a name, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name and isinstance(inner, dict):
                yield inner
            yield from _objects(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner, name)


def test_what_the_dockerfile_copies_is_there_and_is_sent_to_the_engine():
    sources = [source for line in the("COPY") if "--from" not in line for source in line.split()[:-1]]
    assert {"requirements.lock", "contracts", "shared", "services", "loyalty"} <= set(sources)
    assert [source for source in sources if not (ROOT / source).exists() or _ignored(source)] == []


NOT_SENT = (".git/config", ".local/keys/jwt-private.pem", ".venv/bin/python", "services/accrual/tests/conftest.py", "shared/.env", "tests/e2e")


@pytest.mark.parametrize("path", NOT_SENT)
def test_what_no_image_needs_is_not_sent_to_the_engine(path: str):
    assert _ignored(path)


def _ignored(path: str) -> bool:
    """Decide as the engine does: the last line that matches the path, or a folder above it, wins."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#"):
            pattern, above = line.removeprefix("!"), [path, *map(str, Path(path).parents)][:-1]
            if any(_matches(each, pattern) for each in above):
                ignored = not line.startswith("!")
    return ignored


def _matches(path: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch.fnmatchcase(path.rsplit("/", 1)[-1], pattern[3:])
    return path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(path, pattern)


def test_our_containers_have_no_rights_and_nobody_is_root():
    for part in PARTS.values():
        if "build" in part:
            assert (part["cap_drop"], part["read_only"], part["init"]) == (["ALL"], True, True)
            assert "user" not in part
    assert the("USER") == ["10001:10001"]
    assert [line for line in the("RUN") if "apt-get" in line or "curl" in line] == []


def test_processes_have_the_time_to_stop_that_they_count_on():
    for name in SERVICES:
        assert int(PARTS[name]["stop_grace_period"].removesuffix("s")) > accrual.settings.Settings.model_fields["run"].default.stop_seconds


@pytest.mark.parametrize("file", FILES)
def test_no_file_holds_a_secret(file: str):
    text = (ROOT / file).read_text()
    assert re.findall(r"://[^\s:/@]+:[^\s@/]+@", text) == []
    assert "-----BEGIN" not in text
    assert [name for name in re.findall(r"([A-Z_]*(?:PASSWORD|SECRET|TOKEN|KEY)[A-Z_]*):", text) if not name.endswith("_FILE")] == []
