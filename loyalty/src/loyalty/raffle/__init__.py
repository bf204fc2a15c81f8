"""Raffles, repeated from what was published."""
