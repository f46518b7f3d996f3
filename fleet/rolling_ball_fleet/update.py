"""What devices tell of a round, and how it travels: many devices in one reply of a node."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, MetricRecord, RecordDict

# The integers and the numbers that a device tells of its training, beside its change.
COUNTS = ("samples", "correct_before", "correct_after", "steps", "hash")
NUMBERS = ("loss_before", "loss_after", "kept", "wrong_labels")


@dataclass(frozen=True)
class Update:
    """The change of theta that a device has made, f32 [parameters], and what it tells of it:
    `metrics` has the keys of `COUNTS` and `NUMBERS`. Eight bits are between a device and its
    gateway; here a change is what they stand for."""

    device: int
    change: np.ndarray
    metrics: dict[str, float]

    @property
    def samples(self) -> int:
        """How many samples it has trained on."""
        return int(self.metrics["samples"])

    def check(self, parameters: int) -> None:
        """A `Refusal` where it is no update that a device of ours would send."""
        if self.change.dtype != np.float32 or self.change.shape != (parameters,):
            raise Refusal(
                f"its change is {self.change.dtype} {list(self.change.shape)}, theta float32 "
                f"[{parameters}]"
            )
        if not np.isfinite(self.change).all():
            raise Refusal("its change is not finite")
        if not 0 < self.samples < 2**32:
            raise Refusal(f"it says that it has {self.samples} samples")


class Refusal(Exception):
    """Why a device's update is left out."""


def reply(updates: Iterable[Update], lost: dict[int, str]) -> RecordDict:
    """What a node sends: the updates of its devices, and why others of them have none."""
    updates = list(updates)
    arrays = ArrayRecord()
    for update in updates:
        arrays[str(update.device)] = Array(update.change)
    metrics = MetricRecord({"device": [update.device for update in updates]})
    for kind, keys in [(int, COUNTS), (float, NUMBERS)]:
        for key in keys:
            metrics[key] = [kind(update.metrics[key]) for update in updates]
    told = ConfigRecord({"device": list(lost), "reason": list(lost.values())})
    return RecordDict({"arrays": arrays, "metrics": metrics, "lost": told})


def updates(content: RecordDict) -> tuple[list[Update], dict[int, str]]:
    """What a node has sent."""
    arrays, metrics, told = (content[key] for key in ("arrays", "metrics", "lost"))
    columns = {key: metrics[key] for key in COUNTS + NUMBERS}
    updates = [
        Update(
            device,
            arrays[str(device)].numpy(),
            {key: column[place] for key, column in columns.items()},
        )
        for place, device in enumerate(metrics["device"])
    ]
    return updates, dict(zip(told["device"], told["reason"], strict=True))


def bitmap(devices: Iterable[int]) -> bytes:
    """A bit for each device, set where it is among these."""
    devices = list(devices)
    bits = np.zeros(max(devices, default=-1) + 1, np.uint8)
    bits[devices] = 1
    return np.packbits(bits, bitorder="little").tobytes()


def is_set(bits: bytes, device: int) -> bool:
    """Whether a device's bit is set."""
    place, bit = divmod(device, 8)
    return place < len(bits) and bool(bits[place] >> bit & 1)
