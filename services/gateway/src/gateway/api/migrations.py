"""What members bring along from another system: announced by one operator, loaded by another, taken back until it counts."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from contracts.fields import Id
from contracts.migrations import Announcement, MigrationDone, MigrationState, Openings
from gateway.api.migration_examples import ANNOUNCED, ANNOUNCEMENT, DONE, LIVE, LOADED, OPENINGS
from gateway.api.operations import IDEMPOTENCY_KEY, OF_A_LOAD, OF_A_MIGRATION, operation
from gateway.api.parts import Gateway
from gateway.api.replies import written
from gateway.api.rewards import ProgrammeId

Name = Annotated[Id, Path(json_schema_extra={"example": "old-cards"})]
PATH = "/v1/migrations/{programme}/{name}"
ACCESS = "migrations:write"


def routes(gateway: Gateway) -> APIRouter:
    """Return the routes about migrations."""
    router = APIRouter(tags=["by hand"])
    _of_loading(router, gateway)
    asked = gateway.accrual

    @router.get(
        PATH,
        response_model=MigrationState,
        summary="How far a migration is",
        **operation(gateway.verifier, ACCESS, reply=LOADED, problems=["unknown-migration"]),
    )
    async def migration(programme: ProgrammeId, name: Name, request: Request) -> Response:
        """Show what was announced, and what is loaded of it."""
        return written(await asked.migration(programme, name, gateway.query(request)))

    @router.post(f"{PATH}/live", response_model=MigrationState, summary="Let a migration count", **_command(gateway, reply=LIVE, problems=OF_A_MIGRATION))
    async def live_migration(programme: ProgrammeId, name: Name, request: Request) -> Response:
        """Say that it counts: nothing is loaded or taken back any more."""
        return written(await asked.live(programme, name, gateway.command(request)))

    return router


def _of_loading(router: APIRouter, gateway: Gateway) -> None:
    asked = gateway.accrual

    @router.post(
        PATH,
        response_model=MigrationState,
        summary="Announce a migration",
        **_command(gateway, status=201, reply=ANNOUNCED, body=ANNOUNCEMENT, problems=["unknown-programme"]),
    )
    async def announce_migration(wanted: Announcement, programme: ProgrammeId, name: Name, request: Request) -> Response:
        """Announce how much will be loaded at most. Somebody else loads it."""
        body = wanted.model_dump_json(exclude_unset=True).encode()
        return written(await asked.announce(programme, name, body, gateway.command(request)), status=201)

    @router.post(
        f"{PATH}/openings",
        response_model=MigrationDone,
        summary="Load rows of a migration",
        **_command(gateway, reply=DONE, body=OPENINGS, problems=OF_A_LOAD),
    )
    async def load_migration(wanted: Openings, programme: ProgrammeId, name: Name, request: Request) -> Response:
        """Load up to 500 rows, each once: points become a lot of their own, totals count towards levels, a level is a floor."""
        body = wanted.model_dump_json(exclude_unset=True).encode()
        return written(await asked.load(programme, name, body, gateway.command(request)))

    @router.post(
        f"{PATH}/undo",
        response_model=MigrationDone,
        summary="Take a migration back",
        **_command(gateway, reply=DONE, problems=["points-held", *OF_A_MIGRATION]),
    )
    async def undo_migration(programme: ProgrammeId, name: Name, request: Request) -> Response:
        """Take back what is left of the next rows, before the migration counts. Ask with new keys until no rows are left."""
        return written(await asked.undo(programme, name, gateway.command(request)))


def _command(gateway: Gateway, *, problems: Any, **said: Any) -> dict[str, Any]:
    return operation(gateway.verifier, ACCESS, parameters=[IDEMPOTENCY_KEY], problems=["key-missing", "still-running", "conflict", *problems], **said)
