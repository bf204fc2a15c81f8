"""Publishing a programme version: checked against what is published, kept for ever, and announced."""

from dataclasses import dataclass
from datetime import datetime

import orjson

from accrual.domain.compiler import compile_document
from accrual.domain.document import reading
from accrual.domain.document.document import Document
from accrual.domain.document.problems import DocumentError, Problem
from accrual.domain.entries import SystemAccount
from accrual.domain.programme import Programme
from accrual.domain.programmes import Programmes
from accrual.domain.terms.promises import broken_promise
from accrual.handlers import raffling, surprising
from accrual.handlers.catalogue import Catalogue
from accrual.handlers.rewards import SERVICE, SOURCE
from accrual.store import Connection, programmes
from accrual.store.programmes import Published
from contracts.envelope import Event
from contracts.programmes import ProgrammePublished
from shared.ids import derived
from shared.outbox import enqueue, message_of
from shared.problems import Problem as Answer

#: Nobody guesses so many.
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Publication:
    """A published version, and whether it is new."""

    programme: Programme
    is_new: bool


async def publish(connection: Connection, catalogue: Catalogue, text: str, *, now: datetime, secret: bytes) -> Publication:
    """Publish a document. The same document again changes nothing; a published version never changes. The secret makes the seeds of its surprises.

    Raises the Problems `invalid-document` (422, with `errors`) and `version-exists` (409).
    """
    publication = await examine(connection, catalogue, text, now=now)
    if publication.is_new:
        await _write(connection, publication.programme.document, publication.programme, now=now)
        await surprising.promise(connection, publication.programme, secret=secret, now=now)
    return publication


async def examine(connection: Connection, catalogue: Catalogue, text: str, *, now: datetime) -> Publication:
    """Return what publishing the document would publish, and write nothing. Nobody else publishes until the transaction ends. Raises like `publish`."""
    try:
        document = reading.read(text)
    except DocumentError as error:
        raise _invalid(error.problems) from None
    programme = compile_document(document)
    await programmes.lock(connection)
    published = await catalogue.current(connection)
    before = published.version(programme.terms.id, programme.terms.version)
    if before is not None:
        if before.document.fingerprint() == document.fingerprint():
            return Publication(before, is_new=False)
        raise Answer(409, "version-exists", "This version is published with other content", "Give the document a higher version.")
    if problems := await _conflicts(connection, published, programme, now=now):
        raise _invalid(problems)
    return Publication(programme, is_new=True)


async def _conflicts(connection: Connection, published: Programmes, programme: Programme, *, now: datetime) -> tuple[Problem, ...]:
    """Return why the version may not be published beside the others, or now."""
    problems = published.conflicts(programme)
    if programme.terms.starts_at < now and await programmes.has_granted(connection, programme.terms.id):
        text = "starts in the past, and the programme has granted points already"
        problems += (Problem(None, "effective_from", text, f"choose a moment after {now:%Y-%m-%d %H:%M} UTC"),)
    problems += await raffling.broken(connection, programme)
    problems += await surprising.broken(connection, published, programme, now=now)
    promise = broken_promise(published, programme, now=now)
    if promise is not None:
        problems += (promise,)
    return problems


async def _write(connection: Connection, document: Document, programme: Programme, *, now: datetime) -> None:
    terms, as_json = programme.terms, document.as_json()
    version = Published(terms.id, terms.version, terms.starts_at, terms.ends_at, orjson.dumps(as_json).decode(), document.fingerprint(), now, 0)
    system_accounts = {account.value: account.id_in(terms.id) for account in SystemAccount}
    await programmes.publish(connection, version, merchants=tuple(sorted(terms.merchants)), system_accounts=system_accounts)
    data = ProgrammePublished(
        programme=terms.id,
        version=terms.version,
        effective_from=terms.starts_at,
        effective_until=terms.ends_at,
        zone=terms.zone.key,
        currencies=terms.currencies,
        merchants=tuple(sorted(terms.merchants)),
        document=as_json,
        published_at=now,
    )
    id_ = derived(service=SERVICE, source=SOURCE, cause=f"{terms.id}:{terms.version}", type=data.type, holder="")
    await enqueue(connection, [message_of(Event(id=str(id_), source=SOURCE, type=data.type, time=now, data=data))])


def _invalid(problems: tuple[Problem, ...]) -> Answer:
    errors = [{"line": problem.line, "path": problem.path, "message": problem.message, "advice": problem.advice} for problem in problems]
    return Answer(422, "invalid-document", "The programme document cannot be published", errors=errors)
