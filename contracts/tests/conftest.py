from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from contracts.envelope import Record
from contracts.examples import Example, load_examples
from contracts.export import FOLDER

EXAMPLES = load_examples(FOLDER / "examples")


@pytest.fixture(params=EXAMPLES, ids=lambda example: f"{example.type}/{example.path.stem}", scope="session")
def example(request: pytest.FixtureRequest) -> Example:
    """Every committed example in its turn."""
    return request.param


@pytest.fixture(scope="session")
def bakery_receipt() -> Record:
    """Ana's three lines at the bakery, in binary mode."""
    return _named("loyalty.purchase.recorded.v1", "card-at-the-till")


@pytest.fixture(scope="session")
def web_order() -> Record:
    """Ana's order in the web shop, in structured mode."""
    return _named("loyalty.purchase.recorded.v1", "web-order")


@pytest.fixture(scope="session")
def edited(bakery_receipt: Record) -> Callable[..., Record]:
    """The receipt with other fields: `edited(currency="EUR", lines=…)`; None takes a field away."""

    def edit(**fields: Any) -> Record:
        value = orjson.loads(bakery_receipt.value) | fields
        return replace(bakery_receipt, value=orjson.dumps({name: given for name, given in value.items() if given is not None}))

    return edit


def _named(event_type: str, name: str) -> Record:
    return next(example.record for example in EXAMPLES if (example.type, example.path.stem) == (event_type, name))
