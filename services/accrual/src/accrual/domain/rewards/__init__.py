"""Rewards that are not points: what there is, who may have it, and the life of each one given."""
