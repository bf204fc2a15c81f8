"""Divides an amount of money among lines, exactly to the cent."""

from collections.abc import Sequence


def distribute(amount: int, weights: Sequence[int], names: Sequence[str]) -> list[int]:
    """Divide an amount in proportion to weights: the parts add up to it, and none is larger than its weight.

    The amount must not be larger than all weights together. Coins that are left go to the largest remainders, on a tie to the
    name that sorts first; names are unique, so the order of the lines does not matter.
    """
    total = sum(weights)
    if amount == total:
        return list(weights)
    parts = [amount * weight // total for weight in weights]
    left = amount - sum(parts)
    if left:
        order = sorted(range(len(weights)), key=lambda place: (-(amount * weights[place] % total), names[place]))
        for place in order[:left]:
            parts[place] += 1
    return parts
