"""Publishing by two people: one proposes a document, another approves it, and it is published as if by one."""

from datetime import datetime, timedelta
from uuid import UUID

import orjson

from accrual.handlers.catalogue import Catalogue
from accrual.handlers.publishing import Publication, examine, publish
from accrual.store import Connection, drafts, programmes
from accrual.store.drafts import Draft
from shared.ids import derived
from shared.problems import Problem

#: Whoever approves later than this approves something that others may have forgotten.
LIFE = timedelta(hours=24)
#: More proposals than anybody reads at once.
MOST = 100


async def propose(connection: Connection, catalogue: Catalogue, text: str, *, by: str, key: str, now: datetime) -> Draft:
    """Keep a document for somebody else to approve. The same document by the same person again is the same proposal.

    Raises the Problems `invalid-document` and `version-exists`; the latter also where the very same version is published already.
    """
    examined = await examine(connection, catalogue, text, now=now)
    programme = examined.programme
    if not examined.is_new:
        raise Problem(409, "version-exists", "This version is published already, with the same content")
    draft = Draft(
        id=derived(service="accrual", source=by, cause=key, type="programme-draft", holder=""),
        programme=programme.terms.id,
        version=programme.terms.version,
        effective_from=programme.terms.starts_at,
        document=orjson.dumps(programme.document.as_json()).decode(),
        fingerprint=programme.document.fingerprint(),
        proposed_by=by,
        proposed_at=now,
    )
    known = await drafts.same(connection, draft, since=now - LIFE)
    if known is not None:
        return known
    await drafts.insert(connection, draft)
    return draft


async def approve(connection: Connection, catalogue: Catalogue, draft_id: UUID, *, by: str, now: datetime, secret: bytes) -> Publication:
    """Publish what somebody else proposed, checked again as of now. The secret makes the seeds of its surprises.

    Raises the Problems `unknown-draft` (404), `second-person` (403), `draft-approved` and `draft-lapsed` (409), and what publishing raises.
    """
    await programmes.lock(connection)  # first, as publishing does, so that nobody waits for somebody who waits
    draft = await drafts.lock(connection, draft_id)
    if draft is None:
        raise Problem(404, "unknown-draft", "There is no such draft")
    if draft.proposed_by == by:
        raise Problem(403, "second-person", "Somebody else has to approve", "A document is published by two people.")
    if draft.approved_at is not None:
        raise Problem(409, "draft-approved", "The draft is approved and published already")
    if draft.proposed_at <= now - LIFE:
        raise Problem(409, "draft-lapsed", "The draft is older than a day", "Propose it again.")
    publication = await publish(connection, catalogue, draft.document, now=now, secret=secret)
    await drafts.approve(connection, draft_id, approved_by=by, now=now)
    return publication
