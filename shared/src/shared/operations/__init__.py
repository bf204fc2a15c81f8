"""What operators ask of every service: what is dead, what stands still, and to have it repaired."""

from shared.operations.desk import Desk
from shared.operations.routes import routes

__all__ = ["Desk", "routes"]
