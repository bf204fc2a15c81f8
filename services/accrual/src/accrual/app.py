"""How accrual is put together."""

from functools import partial
from pathlib import Path

from accrual import api
from accrual.api.parts import Desk
from accrual.consumer import handlers
from accrual.handlers.catalogue import Catalogue
from accrual.schedule import jobs
from accrual.settings import AccrualSettings, Settings
from shared.service import Parts, Resources, run

NAME = "accrual"
MIGRATIONS = Path(__file__).parents[2] / "migrations"
#: A cart of a thousand lines, or a programme with two hundred rules.
MAX_BODY_BYTES = 512 * 1024


def main() -> None:
    """Run accrual until it is told to stop."""
    settings = Settings()
    run(name=NAME, settings=settings, migrations=MIGRATIONS, assemble=partial(assemble, own=settings.accrual))


def assemble(resources: Resources, *, own: AccrualSettings) -> Parts:
    """Put the parts together around one catalogue of compiled programmes."""
    catalogue = Catalogue()
    desk = Desk(
        pool=resources.pool,
        clock=resources.clock,
        verifier=resources.verifier,
        nudge=resources.nudge,
        catalogue=catalogue,
        waiting_days=own.waiting_days,
        one_step=own.one_step_publication,
    )
    return Parts(handlers=handlers(catalogue, resources.clock), routers=api.routers(desk), jobs=jobs(catalogue), max_body_bytes=MAX_BODY_BYTES)
