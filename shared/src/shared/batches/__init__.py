"""The batch transaction: every record of a partition gets one verdict, once, for ever."""

from shared.batches.handler import Handler, Outcome, PoisonMessage, Repeat

__all__ = ["Handler", "Outcome", "PoisonMessage", "Repeat"]
