"""The OpenAPI document: committed, true of the routes, and its examples run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import orjson
import pytest
from fastapi import APIRouter

from gateway.api import examples
from gateway.api.document import document
from gateway.app import main, openapi_text

from .builders import JSON, Operation, operations

COMMITTED = Path(__file__).parents[3] / "contracts" / "openapi" / "gateway.json"
DOCUMENT = orjson.loads(openapi_text())
OPERATIONS = operations(DOCUMENT)
PROBLEM = "application/problem+json"

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=str)
Bearer = Callable[..., dict[str, str]]


def check(value: Any, schema: Any) -> None:
    jsonschema.Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(value)


def test_the_committed_document_is_the_one_the_code_says():
    assert COMMITTED.read_text() == openapi_text(), f"write it anew: python -m gateway --openapi > contracts/openapi/{COMMITTED.name}"


def test_the_document_is_printed_without_any_setting(capsys: pytest.CaptureFixture[str]):
    main(["--openapi"])
    assert capsys.readouterr().out == openapi_text()


def test_an_operation_that_does_not_say_who_may_call_it_cannot_be_built():
    router = APIRouter()
    router.get("/v1/secrets")(lambda: None)
    with pytest.raises(ValueError, match="GET /v1/secrets does not say who may call it"):
        document([router], version="1")


@every_operation
def test_every_operation_demands_the_scopes_that_it_names(operation: Operation):
    assert operation.said["security"] == ([] if operation.scopes == ["public"] else [{"token": operation.scopes}])


@every_operation
def test_every_operation_tells_how_it_can_fail(operation: Operation):
    refusals = {status: response for status, response in operation.said["responses"].items() if status >= "400"}
    assert ({"422", "503"} if operation.scopes == ["public"] else {"401", "403", "422", "503"}) <= set(refusals)
    for status, response in refusals.items():
        assert list(response["content"]) == [PROBLEM]
        example = response["content"][PROBLEM]["example"]
        assert (example["status"], f"`{example['code']}`" in response["description"]) == (int(status), True)
        check(example, {"$ref": "#/components/schemas/Problem"})


def test_every_schema_is_closed():
    open_schemas = [
        name for name, schema in DOCUMENT["components"]["schemas"].items() if "properties" in schema and schema.get("additionalProperties") is not False
    ]
    assert sorted(open_schemas) == ["CloudEvent", "Problem"]


def test_every_field_of_a_reply_is_always_there():
    replies = ["Balance", "Account", "Movement", "LookUp", "Member", "Grant", "Quote", "Waiting", "Programme", "Decision"]
    for name in replies:
        schema = DOCUMENT["components"]["schemas"][name]
        assert set(schema["required"]) == set(schema["properties"]), name


def told(reply: Any) -> Any:
    """What an example can know of a reply: everything but how many events came before on the topic."""
    if "events" not in reply:
        return reply
    return [{name: value for name, value in event.items() if name != "offset"} for event in reply["events"]]


@every_operation
async def test_the_examples_run_and_the_reply_is_the_example(gateway: httpx.AsyncClient, operation: Operation, bearer: Bearer):
    request = operation.example()
    answer = await gateway.request(**{**request, "headers": request["headers"] | bearer(*operation.scopes, subject=examples.ANA)})
    status, reply = operation.success
    assert (answer.status_code, told(answer.json())) == (status, told(reply["example"]))
    assert answer.headers["content-type"] == JSON
    check(answer.json(), reply["schema"])


async def test_the_document_and_the_page_need_no_token(gateway: httpx.AsyncClient):
    assert (await gateway.get("/")).headers["location"] == "/docs"
    served = await gateway.get("/v1/openapi.json")
    assert served.json() == DOCUMENT
    assert (await gateway.get("/v1/openapi.json", headers={"if-none-match": served.headers["etag"]})).status_code == 304


async def test_what_is_served_is_what_is_documented(gateway: httpx.AsyncClient):
    for path in ("/openapi.json", "/redoc", "/v1", "/v1/accounts/m:x", "/v1/identifiers/resolve"):
        assert (await gateway.get(path)).json()["code"] == "not-found"
    for operation in OPERATIONS:
        answer = await gateway.request("DELETE", operation.example()["url"])
        assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
