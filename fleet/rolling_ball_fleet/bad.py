"""Devices that spoil a federation, for experiments: what they do is decided by their number."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from .partition import Samples
from .update import Update

# What devices send that send garbage, in turn.
GARBAGE = ("not finite", "too short", "wild", "reversed")


def is_among(device: int, part: float, seed: int, kind: int) -> bool:
    """Whether a device is among this part of all, which a seed decides."""
    return np.random.default_rng([seed, kind, device]).random() < part


def labels(samples: Samples, device: int, config: Mapping) -> Samples:
    """The samples, with random labels where the device is among those that have such."""
    seed = int(config["seed"])
    if not is_among(device, float(config["wrong-labels"]), seed, 11):
        return samples
    random = np.random.default_rng([seed, 12, device])
    return Samples(samples.x, random.integers(0, 10, len(samples)).astype(np.uint8))


def update(update: Update, round_: int, config: Mapping) -> Update:
    """The update, or garbage where the device is among those that send such."""
    seed, device = int(config["seed"]), update.device
    if not is_among(device, float(config["garbage"]), seed, 21):
        return update
    random = np.random.default_rng([seed, 22, device, round_])
    change = update.change
    match GARBAGE[int(random.integers(len(GARBAGE)))]:
        case "not finite":
            return replace(update, change=np.full_like(change, np.nan))
        case "too short":
            return replace(update, change=change[:-1])
        case "wild":
            return replace(update, change=random.normal(size=len(change)).astype(np.float32))
        case _:
            return replace(update, change=-10 * change)


def is_absent(device: int, round_: int, config: Mapping) -> bool:
    """Whether a device dies in the middle of this round."""
    return is_among(device, float(config["absent"]), int(config["seed"]), 100 + round_)
