"""Surprises, drawn again from what was published."""
