"""How accrual is put together."""

from pathlib import Path

from accrual import api
from accrual.api.parts import Desk
from accrual.consumer import handlers
from accrual.handlers.catalogue import Catalogue
from accrual.schedule import JOBS
from accrual.settings import Settings
from shared.service import Parts, Resources, run

NAME = "accrual"
MIGRATIONS = Path(__file__).parents[2] / "migrations"
#: A cart of a thousand lines, or a programme with two hundred rules.
MAX_BODY_BYTES = 512 * 1024


def main() -> None:
    """Run accrual until it is told to stop."""
    run(name=NAME, settings=Settings(), migrations=MIGRATIONS, assemble=assemble)


def assemble(resources: Resources) -> Parts:
    """Put the parts together around one catalogue of compiled programmes."""
    catalogue = Catalogue()
    desk = Desk(pool=resources.pool, clock=resources.clock, verifier=resources.verifier, nudge=resources.nudge, catalogue=catalogue)
    return Parts(handlers=handlers(catalogue, resources.clock), routers=api.routers(desk), jobs=JOBS, max_body_bytes=MAX_BODY_BYTES)
