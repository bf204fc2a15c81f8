"""How the world reaches accrual: a handler for each topic it hears."""

from accrual.handlers.activities import Activities
from accrual.handlers.catalogue import Catalogue
from accrual.handlers.members import Members
from accrual.handlers.purchases import Purchases
from accrual.handlers.segments import Segments
from shared.batches import Handler
from shared.clock import Clock


def handlers(catalogue: Catalogue, clock: Clock) -> dict[str, Handler]:
    """Return who handles which topic."""
    return {
        "loyalty.purchases.v1": Purchases(catalogue, clock),
        "loyalty.activities.v1": Activities(catalogue, clock),
        "loyalty.members.v1": Members(catalogue, clock),
        "loyalty.segments.v1": Segments(),
    }
