"""Runs a service: logs, metrics, health, start, drain, stop. A service says what it consists of; nothing is inherited.

def main() -> None:
    run(name="accrual", settings=Settings(), migrations=MIGRATIONS, assemble=assemble)
"""

from shared.service.api import build_api
from shared.service.parts import Job, Parts, Resources
from shared.service.running import run

__all__ = ["Job", "Parts", "Resources", "build_api", "run"]
