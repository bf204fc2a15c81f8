"""Tiers, pure: which level somebody has on a day follows from what they did day by day, and from what was assigned by hand.

- `progress`: `Progress(points, money, purchases)` of a day; `History` of an account, day by day.
- `ladder`: a version's levels and terms, compiled: `ladder_of(document) -> Ladder | None`.
- `timeline`: which ladder stood when: `Timeline`, and `Assignment`, a floor with an end.
- `climb`: `standing(timeline, history, assignments, day) -> Standing`; `next_turn` says when it may change by itself.
- `outlook`: what is missing for the next level and to keep this one, and what comes if nothing is done.

Days are those of the programme's zone. Nothing depends on the order in which things became known, nor on anybody's clock being on time.
"""
