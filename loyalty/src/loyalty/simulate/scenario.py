"""The scenario file: what a programme costs beside its rewards, and what owners expect of it."""

import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from loyalty.console import COULD_NOT, Failure
from loyalty.history.options import share_of

_AMOUNT = re.compile(r"\d{1,12}(?:\.\d{1,4})?")


def _share(value: Any) -> Any:
    return value if isinstance(value, Fraction) else share_of(value)


def _amount(value: Any) -> Any:
    if isinstance(value, bool) or not _AMOUNT.fullmatch(str(value)):
        raise ValueError(f"write an amount of money in full units, as 1200 or 1200.50, instead of {value}")
    return Decimal(str(value))


Share = Annotated[Fraction, BeforeValidator(_share)]
Part = Annotated[Fraction, BeforeValidator(_share), Field(ge=0, le=1)]
Amount = Annotated[Decimal, BeforeValidator(_amount)]


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Uplift(_Told):
    """What a programme is expected to change in its members."""

    frequency: Share = Fraction(0)  #: so much more purchases
    basket: Share = Fraction(0)  #: so much more money a purchase
    retention: Part = Fraction(0)  #: of those who would leave, so many stay


class Costs(_Told):
    """What a programme costs beside its rewards, in full units of the currency."""

    one_off: dict[str, Amount] = {}
    monthly: dict[str, Amount] = {}
    message: Amount = Decimal(0)  #: for one message
    messages: Annotated[Decimal, BeforeValidator(_amount)] = Decimal(0)  #: to each member a month


class Uplifts(_Told):
    """Three views of the future."""

    pessimistic: Uplift
    base: Uplift
    optimistic: Uplift


class Scenario(_Told):
    """A scenario file."""

    name: str = "Economic model"
    months: Annotated[int, Field(ge=1, le=120)] = 24
    joining: Part = Fraction(1)  #: of today's identified customers' revenue, so much will be members'
    ramp: Annotated[int, Field(ge=1, le=60)] = 6  #: months until they have joined, evenly
    stay: Part = Fraction(7, 10)  #: of today's customers, so many still buy a year later
    margin: Part | None = None  #: where the data hold no cost of goods
    costs: Costs = Costs()
    uplift: Uplifts


def read_scenario(path: Path) -> Scenario:
    """Read a scenario file. Fails with the place of the fault."""
    try:
        return Scenario.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except OSError as error:
        raise Failure(f"Cannot read {path}: {error.strerror}.", code=COULD_NOT) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Failure(f"{path} is not YAML: {error}", code=COULD_NOT) from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg'].removeprefix('Value error, ')}" for fault in error.errors())
        raise Failure(f"{path} is no scenario: {faults}.", advice="`loyalty simulate --help` names an example.", code=COULD_NOT) from error
