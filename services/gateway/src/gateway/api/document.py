"""The OpenAPI document, written from the routes themselves."""

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from gateway.api.operations import CLOUD_EVENT_SCHEMA, PROBLEM_SCHEMA, PUBLIC

TITLE = "Loyalty"
DESCRIPTION = (
    "Points of members and guests, and the reason for each of them. Amounts of money are in the currency's minor unit, points in the programme's "
    "smallest unit, times in UTC. Errors are problem+json with a stable code."
)
TAGS = (
    {"name": "members", "description": "A till, a site or an operator asks about a member."},
    {"name": "me", "description": "A member asks about themselves, and nobody else."},
    {"name": "tills", "description": "Before and at the till: what a cart would earn, what waits for a guest, joining."},
    {"name": "rewards", "description": "What members have beside points: gifts, discounts, services, privileges, cashback."},
    {"name": "by hand", "description": "Points given or taken by two operators, or handed on to another member."},
    {"name": "events", "description": "What happened, from systems that cannot speak Kafka."},
    {"name": "evidence", "description": "What was decided, and why."},
    {"name": "programmes", "description": "The rules in force."},
)


JSON = "application/json"


def document(routers: Iterable[APIRouter], *, version: str) -> dict[str, Any]:
    """Return the document of these routes. Refuses an operation that does not say who may call it."""
    app = FastAPI(title=TITLE, description=DESCRIPTION, version=version, openapi_tags=list(TAGS), generate_unique_id_function=lambda route: route.name)
    routers = tuple(routers)
    for router in routers:
        app.include_router(router)
    written: dict[str, Any] = app.openapi()
    components = written.setdefault("components", {})
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    for schema in components.get("schemas", {}).values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    components.setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    components["schemas"]["CloudEvent"] = CLOUD_EVENT_SCHEMA
    for path, methods in written["paths"].items():
        for method, operation in methods.items():
            _secure(f"{method.upper()} {path}", operation)
    for route in (route for router in routers for route in router.routes if isinstance(route, APIRoute)):
        _restore_example(route, written["paths"])
    return written


def _restore_example(route: APIRoute, paths: dict[str, Any]) -> None:
    """Put the reply's example back as it was: FastAPI drops its nulls, and a reply without them is not what a caller gets."""
    for method in route.methods or ():
        answered = paths[route.path][method.lower()]["responses"][str(route.status_code)]
        answered["content"][JSON]["example"] = route.responses[route.status_code or 200]["content"][JSON]["example"]


def _secure(name: str, operation: dict[str, Any]) -> None:
    access = operation.get("x-access")
    if not access:
        raise ValueError(f"{name} does not say who may call it: give it an x-access")
    operation["security"] = [] if access == PUBLIC else [{"token": access.split()}]
