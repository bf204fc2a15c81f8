import copy
from collections.abc import Callable
from typing import Any

import pytest

from contracts.catalogue import TYPES
from contracts.compatibility import breaks
from contracts.schemas import SIDES, Schema, Side, schema_of

PURCHASE = "loyalty.purchase.recorded.v1"
GRANT = "loyalty.reward.granted.v1"


def changed(schema: Schema, change: Callable[[Any], object]) -> Schema:
    new = copy.deepcopy(schema)
    change(new)
    return new


def renamed(schema: Schema) -> None:
    """Give a definition another name: the same schema, differently written."""
    schema["$defs"]["ReceiptLine"] = schema["$defs"].pop("Line")
    schema["properties"]["lines"]["items"] = {"$ref": "#/$defs/ReceiptLine"}


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", TYPES)
def test_no_schema_breaks_its_own_promises(name: str, side: Side):
    schema = schema_of(TYPES[name], side=side)
    assert breaks(schema, copy.deepcopy(schema), side=side) == []


SAFE = {
    "accepted": {
        "a new optional field": lambda s: s["properties"].update(table={"type": "string"}),
        "a new optional field of a line": lambda s: s["$defs"]["Line"]["properties"].update(size={"type": "string"}),
        "a required field made optional": lambda s: s["required"].remove("currency"),
        "a wider amount": lambda s: s["$defs"]["Line"]["properties"]["paid_amount"].update(maximum=10**18),
        "one more channel": lambda s: s["properties"]["channel"]["enum"].append("vending"),
        "null where none was": lambda s: s["properties"].update(zone={"anyOf": [s["properties"]["zone"], {"type": "null"}]}),
        "another name of a definition": renamed,
    },
    "written": {
        "a new field, always there": lambda s: (s["properties"].update(table={"type": "string"}), s["required"].append("table")),
        "a narrower amount": lambda s: s["$defs"]["Line"]["properties"]["paid_amount"].update(maximum=10**9),
        "one channel fewer": lambda s: s["properties"]["channel"]["enum"].remove("phone"),
        "another name of a definition": renamed,
    },
}
BREAKS = {
    "accepted": {
        "a removed field": lambda s: s["properties"].pop("cashier"),
        "a removed field of a line": lambda s: s["$defs"]["Line"]["properties"].pop("brand"),
        "a changed type": lambda s: s["properties"].update(revision={"type": "string"}),
        "a changed type behind null": lambda s: s["properties"].update(store={"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        "a changed type in a list": lambda s: s["properties"]["coupons"].update(items={"type": "integer"}),
        "a new required field": lambda s: (s["properties"].update(table={"type": "string"}), s["required"].append("table")),
        "an optional field made required": lambda s: s["required"].append("store"),
        "an optional field of a line made required": lambda s: s["$defs"]["Line"]["required"].append("name"),
        "a narrower amount": lambda s: s["$defs"]["Line"]["properties"]["paid_amount"].update(maximum=100),
        "a longer least length": lambda s: s["properties"]["merchant"].update(minLength=2),
        "one channel fewer": lambda s: s["properties"]["channel"]["enum"].remove("phone"),
        "another pattern": lambda s: s["properties"]["currency"].update(pattern="^[a-z]{3}$"),
        "null no longer taken": lambda s: s["properties"].update(store=s["properties"]["store"]["anyOf"][0]),
    },
    "written": {
        "a removed field": lambda s: (s["properties"].pop("cashier"), s["required"].remove("cashier")),
        "a removed field of a line": lambda s: (s["$defs"]["Line"]["properties"].pop("brand"), s["$defs"]["Line"]["required"].remove("brand")),
        "a required field made optional": lambda s: s["required"].remove("zone"),
        "a required field of a line made optional": lambda s: s["$defs"]["Line"]["required"].remove("sku"),
        "null where none was": lambda s: s["properties"].update(zone={"anyOf": [s["properties"]["zone"], {"type": "null"}]}),
        "a wider amount": lambda s: s["$defs"]["Line"]["properties"]["paid_amount"].update(maximum=10**18),
        "an amount without limit": lambda s: s["$defs"]["Line"]["properties"]["paid_amount"].pop("maximum"),
        "one more channel": lambda s: s["properties"]["channel"]["enum"].append("vending"),
        "any channel": lambda s: s["properties"]["channel"].pop("enum"),
    },
}


@pytest.mark.parametrize(("side", "case"), [(side, case) for side, cases in SAFE.items() for case in cases])
def test_a_harmless_change_may_take_the_place_of_the_old(side: Side, case: str):
    old = schema_of(TYPES[PURCHASE], side=side)
    assert breaks(old, changed(old, SAFE[side][case]), side=side) == []


@pytest.mark.parametrize(("side", "case"), [(side, case) for side, cases in BREAKS.items() for case in cases])
def test_a_broken_promise_is_named(side: Side, case: str):
    old = schema_of(TYPES[PURCHASE], side=side)
    assert breaks(old, changed(old, BREAKS[side][case]), side=side) != []


def test_a_broken_promise_is_named_by_its_place():
    old = schema_of(TYPES[GRANT], side="written")
    new = changed(old, lambda schema: schema["$defs"]["Step"]["properties"].pop("text"))
    assert "/explanation/steps/*/text: removed" in breaks(old, new, side="written")


def test_a_definition_that_refers_to_itself_is_compared_and_ends():
    tree = {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}, "required": ["children"]}
    old = {"$ref": "#/$defs/Tree", "$defs": {"Tree": tree}}
    assert breaks(old, copy.deepcopy(old), side="written") == []
    assert breaks(old, changed(old, lambda schema: schema["$defs"]["Tree"].pop("required")), side="written") != []
