"""Who has which samples: the groups of a data set, and the devices of each group.

A data set is a folder with three files of bytes, `*.x.u8.bin`, `*.y.u8.bin` and `*.speaker.u8.bin`:
inputs one after another, a class for each, and the group that each is of, such as who speaks or
which sensor it is. The first two groups are for pre-training, the last one is unknown to everybody,
and the devices are of those between.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

# The groups that the network is pre-trained on.
PRETRAINING_GROUPS = 2
# The part of a group's samples that devices may have; nobody trains on the others.
SHARE = 0.44
# The fewest and the most samples of a device.
FEWEST, MOST = 6, 13
# Devices of each group that take no part in the federation, and their samples.
HELD_OUT_DEVICES, HELD_OUT_SAMPLES = 8, 10


@dataclass(frozen=True)
class Samples:
    """Inputs as bytes [samples, inputs], and a class for each."""

    x: np.ndarray
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    def at(self, indices: np.ndarray) -> "Samples":
        """The samples at these indices."""
        return Samples(self.x[indices], self.y[indices])


class Partition:
    """The samples of a data set by group and device; the same for everybody with the same seed.

    Devices are numbered from 0 and go round the groups. A device has 6 to 13 samples, dealt out of
    its group's share: no two devices have the same sample until all have been dealt.
    """

    def __init__(self, folder: str | Path, devices: int, seed: int = 1) -> None:
        if devices < 1:
            raise ValueError(f"a federation has one device at least, not {devices}")
        self.all, self.groups = read(Path(folder))
        self.devices, self.seed = devices, seed
        last = int(self.groups.max())
        if last < PRETRAINING_GROUPS + 1:
            raise ValueError(
                f"{folder} has {last + 1} groups; there must be {PRETRAINING_GROUPS + 2}: "
                f"{PRETRAINING_GROUPS} to pre-train on, one for the devices, one that is unknown"
            )
        self.federated = range(PRETRAINING_GROUPS, last)

    def pretraining(self) -> Samples:
        """What the network is pre-trained on."""
        return self.all.at(np.flatnonzero(self.groups < PRETRAINING_GROUPS))

    def unknown(self) -> Samples:
        """The samples of the group that nobody has trained on."""
        return self.all.at(np.flatnonzero(self.groups == self.federated.stop))

    def held_out(self) -> Samples:
        """The samples of the devices' groups that no device of the federation may have."""
        return self.all.at(np.concatenate([held_out for _, held_out in self._shares.values()]))

    def device(self, device: int) -> Samples:
        """The samples of a device of the federation."""
        if not 0 <= device < self.devices:
            raise ValueError(f"there is no device {device}: they are 0 to {self.devices - 1}")
        return self.all.at(self._dealt[device])

    def federation(self) -> Samples:
        """The samples of all devices, each once."""
        return self.all.at(np.unique(np.concatenate(self._dealt)))

    def held_out_devices(self) -> list[tuple[Samples, Samples]]:
        """Devices that take no part: what each has, and all other held-out samples of its group."""
        devices = []
        for group, (_, held_out) in self._shares.items():
            random = np.random.default_rng([self.seed, 3, group])
            for _ in range(HELD_OUT_DEVICES):
                order = random.permutation(held_out)
                parts = order[:HELD_OUT_SAMPLES], order[HELD_OUT_SAMPLES:]
                devices.append(tuple(self.all.at(np.sort(part)) for part in parts))
        return devices

    @cached_property
    def _shares(self) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """Of each group, the samples that devices may have, and the others: the same recordings
        of every class."""
        shares = {}
        for group in self.federated:
            random = np.random.default_rng([self.seed, 1, group])
            order = random.permutation(len(self.groups))
            kept, held_out = [], []
            for label in np.unique(self.all.y):
                of_label = np.flatnonzero((self.groups == group) & (self.all.y == label))
                # One order for all classes, so that a recording is on one side with all of them.
                shuffled = of_label[np.argsort(order[: len(of_label)], kind="stable")]
                count = round(SHARE * len(of_label))
                kept.append(shuffled[:count])
                held_out.append(shuffled[count:])
            shares[group] = np.concatenate(kept), np.concatenate(held_out)
        return shares

    @cached_property
    def _dealt(self) -> list[np.ndarray]:
        dealt = [np.empty(0, np.int64)] * self.devices
        groups = len(self.federated)
        for place, group in enumerate(self.federated):
            random = np.random.default_rng([self.seed, 2, group])
            share, stock = self._shares[group][0], np.empty(0, np.int64)
            for device in range(place, self.devices, groups):
                count = min(int(random.integers(FEWEST, MOST + 1)), len(share))
                while len(np.unique(stock[:count])) < count:
                    # A round of dealing ends; what is left of it comes first in the next.
                    left = stock[: len(stock)]
                    fresh = random.permutation(share)
                    stock = np.concatenate([left, fresh[~np.isin(fresh, left[:count])]])
                dealt[device], stock = stock[:count], stock[count:]
        return dealt


def read(folder: Path) -> tuple[Samples, np.ndarray]:
    """The samples of a folder, and the group of each."""
    parts = []
    for part in ["x", "y", "speaker"]:
        files = sorted(folder.glob(f"*.{part}.u8.bin"))
        if len(files) != 1:
            raise ValueError(
                f"{folder} has {len(files)} files that end in .{part}.u8.bin; there must be one "
                "of each of .x.u8.bin, .y.u8.bin and .speaker.u8.bin (the key data= of the run "
                "names the folder)"
            )
        parts.append(np.fromfile(files[0], np.uint8))
    x, y, groups = parts
    if len(y) == 0 or len(y) != len(groups) or len(x) % len(y):
        raise ValueError(
            f"the files of {folder} do not belong together: {len(x)} bytes of inputs, {len(y)} "
            f"classes, {len(groups)} groups"
        )
    return Samples(x.reshape(len(y), -1), y), groups
