"""Dead letters: records that got the verdict dead-lettered, kept as they were, with what is needed to repair and send them again."""

from shared.deadletters.letters import INTERNAL_ERROR, REDRIVE_PREFIX, Failure, Origin, dead_letter_topic, letter, origin, redriven

__all__ = ["INTERNAL_ERROR", "REDRIVE_PREFIX", "Failure", "Origin", "dead_letter_topic", "letter", "origin", "redriven"]
