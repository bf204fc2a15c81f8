"""What every operation says of itself in the OpenAPI document: who may call it, an example of its reply, and how it can fail."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import Depends

from shared.auth import Verifier, require

#: Every problem a caller can meet: code, status, and what it means. The codes of one status share one reply in the document.
PROBLEMS: dict[str, tuple[int, str]] = {
    "malformed": (400, "The body is not JSON that means one thing: bad UTF-8, NaN, a repeated key, U+0000, more than 16 levels."),
    "key-missing": (400, "The request needs an Idempotency-Key header."),
    "token-missing": (401, "A bearer token is needed."),
    "token-invalid": (401, "The token is not valid, or not any more."),
    "scope-missing": (403, "The token does not carry the scope."),
    "not-a-member": (403, "The token is not a member's own."),
    "proof-refused": (403, "The till's statement is not believed; `reasons` says why."),
    "own-account": (403, "Nobody adjusts their own account."),
    "own-action": (403, "Nobody decides about what they did themselves."),
    "second-person": (403, "Whoever asked for it does not approve it."),
    "unknown-member": (404, "There is no such member."),
    "unknown-holder": (404, "Nobody has earned or registered under this holder."),
    "unknown-grant": (404, "There is no such grant."),
    "unknown-hold": (404, "There is no such hold."),
    "unknown-adjustment": (404, "There is no such adjustment."),
    "unknown-quote": (404, "There is no such quote, or its time is over."),
    "unknown-purchase": (404, "There is no such purchase."),
    "unknown-event": (404, "No such event has been decided; it may still be on its way."),
    "unknown-draft": (404, "There is no such draft."),
    "unknown-migration": (404, "No such migration was announced."),
    "unknown-tier": (404, "The programme has no such level, or none at all."),
    "unknown-entitlement": (404, "There is no such entitlement, or it is somebody else's."),
    "unknown-privilege": (404, "The programme has no such privilege."),
    "unknown-contest": (404, "The programme has no such contest."),
    "unknown-social-action": (404, "There is no such social action."),
    "unknown-raffle": (404, "No draw was promised of such a raffle."),
    "unknown-surprise": (404, "The programme has no such surprise."),
    "unknown-reward": (404, "The programme has no such reward."),
    "unknown-coupon": (404, "The programme has no coupon of this name whose codes are issued one by one."),
    "unknown-code": (404, "No such code was issued in this programme."),
    "unknown-programme": (404, "There is no such programme or version."),
    "too-slow": (408, "The body took more than ten seconds to arrive."),
    "still-running": (409, "The same request is being worked on; ask again."),
    "two-members": (409, "The identifiers belong to two members, and both were proven."),
    "hold-captured": (409, "The points of the hold were used; `hold` shows it."),
    "hold-released": (409, "The points of the hold were given back; `hold` shows it."),
    "hold-expired": (409, "Nobody resolved the hold in time, so its points were given back; `hold` shows it."),
    "version-exists": (409, "This version is published already."),
    "draft-approved": (409, "The draft is approved and published already."),
    "draft-lapsed": (409, "The draft is older than a day; propose it again."),
    "too-late": (409, "The tickets are closed: a draw is promised before."),
    "not-promised": (409, "The draw's commitment was not published before."),
    "already-drawn": (409, "It was drawn before."),
    "not-closed": (409, "The tickets of the raffle are not closed yet: the clock is late."),
    "too-early": (409, "Its time has not come."),
    "already-decided": (409, "Somebody decided about it before, or its time is over."),
    "holder-forgotten": (409, "Whoever did it is forgotten."),
    "migration-live": (409, "The migration counts already; adjust accounts one by one."),
    "other-row": (409, "A row of this name was loaded with something else."),
    "over-announced": (409, "It is more than was announced."),
    "points-held": (409, "Points of these rows are put aside at a till; ask again when they were used or given back."),
    "already-approved": (409, "Somebody approved it before."),
    "request-lapsed": (409, "It was asked for more than a day ago; ask again."),
    "cursor-of-another-account": (409, "The points have moved since the page before; begin with the newest change."),
    "already-used": (409, "It has been used."),
    "expired": (409, "Its last day is over."),
    "taken-back": (409, "It was taken back, because what it was given for was undone."),
    "reserved": (409, "It is reserved for something else."),
    "not-reserved": (409, "It is not reserved."),
    "choice-open": (409, "A choice must be made first."),
    "not-a-choice": (409, "There is nothing to choose."),
    "not-in-choice": (409, "This is not among what may be chosen."),
    "paid-out": (409, "Cashback is paid out by an operator."),
    "not-paid-out": (409, "Only cashback is paid out."),
    "tier-needed": (409, "Only members of certain tiers may have it."),
    "out-of-stock": (409, "All of them have been given."),
    "raffle-closed": (409, "The tickets of its raffle are closed."),
    "limit-reached": (409, "A member may have no more of them in this period."),
    "insufficient-balance": (409, "Points are missing; `detail` says how many."),
    "not-for-points": (409, "It is earned, and cannot be had for points."),
    "too-large": (413, "The body is larger than 512 KiB, or than 1 MiB of events."),
    "too-many-events": (413, "There are more than 500 events in the batch."),
    "unsupported-media-type": (415, "This is no media type that is taken here."),
    "invalid-request": (422, "A field is missing, unknown or not as it should be; `errors` names each."),
    "invalid-document": (422, "The document cannot be published; `errors` names each fault with its line, path and advice."),
    "expired-points": (422, "Points that have expired cannot be loaded."),
    "repeated-row": (422, "Two rows have one name."),
    "unknown-level": (422, "The programme has no such level now."),
    "invalid-events": (422, "An event is not as its contract says; `errors` names each by its `index`, with a `code`. Nothing was published."),
    "invalid-identifier": (422, "The identifier is none of its kind: a card number with a wrong check digit, no phone number, no e-mail address."),
    "invalid-cursor": (422, "The cursor is not `next` of a page."),
    "programme-needed": (422, "The holder has points in several programmes: name one."),
    "unclaimed": (422, "Nobody owns the identifier yet."),
    "not-in-future": (422, "The day or moment is over already."),
    "possession-needed": (422, "What waits is told for something a guest holds: a card, a visitor id or a hash. A phone number anybody can type."),
    "registration-refused": (422, "The registration cannot be taken as it is; `errors` names each fault."),
    "conflict": (422, "The Idempotency-Key was used for another request."),
    "unknown-merchant": (422, "No programme names this merchant."),
    "unknown-currency": (422, "The programme does not know this currency."),
    "unknown-zone": (422, "There is no such time zone."),
    "not-in-force": (422, "No version of the programme was in force then."),
    "too-old": (422, "It happened longer ago than the programme looks back."),
    "in-the-future": (422, "It has not happened yet."),
    "too-many-points": (422, "It would earn more than an account can hold."),
    "insufficient-points": (422, "The holder has not so many usable points; `missing` says how many are."),
    "below-minimum": (422, "The programme lets so few points not be used at once."),
    "not-in-steps": (422, "The programme lets points be used in steps only."),
    "over-share": (422, "Points may pay for no such share of the receipt."),
    "cart-needed": (422, "The programme limits what points may pay for: say what is bought."),
    "account-too-new": (422, "The points of somebody who has just joined cannot be used yet."),
    "spending-closed": (422, "The programme has ended, and so has the time in which its points could be used."),
    "permit-used": (422, "The permit was used for another hold."),
    "over-captured": (422, "More points than were put aside."),
    "transfer-not-allowed": (422, "The programme does not let points be handed on."),
    "transfer-to-oneself": (422, "Nobody hands points on to themselves."),
    "quote-mismatch": (422, "The quote was made for somebody else, or is another merchant's."),
    "quote-changed": (422, "What the quote says no longer holds; ask for another."),
    "nothing-to-reserve": (422, "No points are asked for, and the quote counts on nothing that could be reserved."),
    "over-returned": (422, "More than is left of the purchase."),
    "unknown-line": (422, "The purchase has no such line."),
    "other-currency": (422, "The purchase was paid in another currency."),
    "already-returned": (422, "Nothing is left of the purchase."),
    "purchase-cancelled": (422, "The purchase was cancelled."),
    "purchase-not-named": (422, "The return names no purchase, and the programme does not look for one."),
    "no-broker": (503, "This gateway takes no events: it was started without a broker."),
    "broker-unavailable": (503, "The broker has not confirmed the events in time; send all of them again, as they are."),
    "service-unavailable": (503, "The service that owns the answer gave none in time; Retry-After says when to ask again."),
}
OF_A_PAGE = ("cursor-of-another-account", "invalid-cursor", "programme-needed")
OF_A_CART = ("unknown-merchant", "unknown-currency", "unknown-zone", "not-in-force", "too-old", "in-the-future", "too-many-points")
OF_A_HOLD = (
    "key-missing", "unknown-holder", "still-running", "conflict", "invalid-identifier", "insufficient-points", "below-minimum", "not-in-steps", "over-share",
    "cart-needed", "account-too-new", "spending-closed", "permit-used", "unknown-merchant", "unknown-currency", "not-in-force",
    "unknown-quote", "quote-mismatch", "quote-changed", "nothing-to-reserve",
)  # fmt: skip
OF_A_RESOLVED_HOLD = ("key-missing", "unknown-hold", "hold-captured", "hold-released", "still-running", "conflict")
OF_AN_ADJUSTMENT = ("key-missing", "own-account", "unknown-holder", "still-running", "conflict")
OF_AN_APPROVAL = (
    "key-missing", "second-person", "own-account", "unknown-adjustment", "already-approved", "request-lapsed", "still-running", "conflict",
    "insufficient-points",
)  # fmt: skip
OF_A_DOCUMENT = ("key-missing", "version-exists", "still-running", "conflict", "unsupported-media-type", "invalid-document")
OF_A_DRAFT = (
    "key-missing", "second-person", "unknown-draft", "version-exists", "draft-approved", "draft-lapsed", "still-running", "conflict", "invalid-document",
)  # fmt: skip
OF_A_MIGRATION = ("second-person", "unknown-migration", "unknown-programme", "migration-live", "taken-back")
OF_A_LOAD = (
    *OF_A_MIGRATION, "other-row", "over-announced", "expired-points", "repeated-row", "unknown-level", "not-in-future", "in-the-future",
)  # fmt: skip
OF_A_TRANSFER = (
    "key-missing", "unknown-holder", "still-running", "conflict", "insufficient-points", "transfer-not-allowed", "transfer-to-oneself", "account-too-new",
)  # fmt: skip
OF_A_RETURN = (
    "unknown-purchase",
    "over-returned",
    "unknown-line",
    "other-currency",
    "already-returned",
    "purchase-cancelled",
    "purchase-not-named",
    "unknown-merchant",
    "too-old",
    "in-the-future",
)
OF_A_REGISTRATION = ("key-missing", "proof-refused", "still-running", "two-members", "registration-refused", "conflict")
OF_A_TOKEN = ("token-missing", "token-invalid", "scope-missing")
OF_A_REWARD = (
    "unknown-holder", "unknown-reward", "insufficient-balance", "tier-needed", "out-of-stock", "raffle-closed", "limit-reached", "not-for-points",
    "account-too-new", "spending-closed",
)  # fmt: skip
OF_AN_ENTITLEMENT = ("unknown-entitlement", "already-used", "expired", "taken-back", "reserved", "not-reserved", "choice-open", "not-a-choice")
ALWAYS = ("invalid-request", "service-unavailable")
#: Access without a token, for what anybody may know.
PUBLIC = "public"
WITH_BODY = ("malformed", "too-large", "too-slow")

PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "An error as RFC 9457 writes it. `code` is stable; texts are for people and may change.",
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {
            "type": "string",
            "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
            "description": "Decide by this. New codes may follow.",
        },
        "request_id": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
        "reasons": {"type": "array", "items": {"type": "string"}},
        "missing": {"type": "integer", "description": "Points that the holder has too few."},
        "hold": {"type": "object", "description": "What became of a hold that was resolved before."},
    },
}

CLOUD_EVENT_SCHEMA: dict[str, Any] = {
    "title": "CloudEvent",
    "description": "CloudEvents 1.0 in structured mode. `contracts/schemas/accepted/` has the schema of each type's `data`.",
    "type": "object",
    "required": ["specversion", "id", "source", "type", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "minLength": 1, "maxLength": 200, "description": "With the source, names the event for ever. A repeat keeps its id."},
        "source": {"type": "string", "minLength": 1, "maxLength": 200, "description": "A stable URI of the store's system, never a host or a process."},
        "type": {"type": "string", "description": "As `loyalty.purchase.recorded.v1`."},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "traceparent": {"type": "string", "description": "W3C Trace Context; the request's, where it is not given."},
        "data": {"type": "object"},
    },
}

IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Chosen by the caller, one for each request it means; the same key with the same body gets the same reply, for ever.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "example": "till-7-2026-03-02-0001",
}


@dataclass(frozen=True, slots=True)
class Bodies:
    """Schema and example of a body, by media type, where a route reads it itself."""

    by_media_type: Mapping[str, Any]


def operation(  # noqa: PLR0913  each is a part of the document
    verifier: Verifier,
    access: str,
    *,
    reply: Any,
    body: Any = None,
    status: int = 200,
    texts: Iterable[str] = (),
    problems: Iterable[str] = (),
    parameters: Iterable[Any] = (),
) -> dict[str, Any]:
    """Return the arguments of a route: the scopes it demands, and the same scopes, examples and problems for the document.

    `access` lists scopes with spaces between, or is PUBLIC. Every operation can also answer 401, 403, 422 and 503; one with a body 400, 408 and 413.
    `body` is the example of a JSON body whose schema the route's arguments tell, or Bodies. `texts` are other media types in which it can answer.
    """
    extra: dict[str, Any] = {"x-access": access, "parameters": list(parameters)}
    if isinstance(body, Bodies):
        extra["requestBody"] = {"required": True, "content": dict(body.by_media_type)}
    elif body is not None:
        extra["requestBody"] = {"content": {"application/json": {"example": body}}}
    content = {"application/json": {"example": reply}} | {media_type: {"schema": {"type": "string"}} for media_type in texts}
    answered = {status: {"description": HTTPStatus(status).phrase, "content": content}}
    codes = [*problems, *(() if access == PUBLIC else OF_A_TOKEN), *ALWAYS, *(WITH_BODY if body is not None else ())]
    return {
        "dependencies": [] if access == PUBLIC else [Depends(require(verifier, *access.split()))],
        "status_code": status,
        "openapi_extra": extra,
        "responses": answered | _refusals(codes),
    }


def _refusals(codes: list[str]) -> dict[int, Any]:
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(PROBLEMS[code][0], []).append(code)
    return {status: _refusal(status, by_status[status]) for status in sorted(by_status)}


def _refusal(status: int, codes: list[str]) -> dict[str, Any]:
    example = {"type": f"urn:loyalty:problem:{codes[0]}", "title": PROBLEMS[codes[0]][1], "status": status, "code": codes[0], "request_id": "5f0c2c3e"}
    refusal: dict[str, Any] = {
        "description": " ".join(f"`{code}`: {PROBLEMS[code][1]}" for code in codes),
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}},
    }
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        refusal["headers"] = {"Retry-After": {"description": "In seconds.", "schema": {"type": "integer"}}}
    return refusal
