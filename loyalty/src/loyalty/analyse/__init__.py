"""Looks at purchases before there is a programme: who buys, how often, how much, and what a programme could move."""
