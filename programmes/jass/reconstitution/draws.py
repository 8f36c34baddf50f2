"""Pseudo-random draws named by a key.

The same key gives the same draw, whatever the order of the calls.
"""

import hashlib

SEED = "jass-2023"


def draw(*key: object) -> float:
    """A number in [0, 1[ that depends on the key alone."""
    text = "/".join([SEED, *map(str, key)])
    return int(hashlib.sha256(text.encode()).hexdigest()[:13], 16) / 16**13


def between(low: float, high: float, *key: object) -> float:
    """A real number in [low, high[."""
    return low + (high - low) * draw(*key)


def whole(low: int, high: int, *key: object) -> int:
    """A whole number from low to high, both included."""
    return low + int(draw(*key) * (high - low + 1))


def pick(options: list, *key: object) -> object:
    """One of the options."""
    return options[whole(0, len(options) - 1, *key)]


def uuid(*key: object) -> str:
    """An identifier in the shape of a version 4 UUID."""
    text = "/".join([SEED, "uuid", *map(str, key)])
    h = hashlib.sha256(text.encode()).hexdigest()
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:32]}"


def token(length: int, *key: object) -> str:
    """A run of letters and digits, as Kobo gives to devices and form versions."""
    alphabet = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    return "".join(alphabet[whole(0, len(alphabet) - 1, "token", i, *key)] for i in range(length))


def shares(total: int, weights: list[float], step: int, last: int) -> list[int]:
    """The total cut in proportion to the weights, rounded to the step.

    Place `last` takes what is left over.
    """
    parts = [round(total * w / sum(weights) / step) * step for w in weights]
    parts[last] += total - sum(parts)
    return parts
