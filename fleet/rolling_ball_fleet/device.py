"""A device that is rehearsed: it trains with a board's bits, and remembers what a board's flash
would."""

import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import rolling_ball
import rolling_ball.fleet

from .partition import Samples
from .settings import Settings
from .state import write
from .update import COUNTS, NUMBERS, Update


@dataclass(frozen=True)
class Round:
    """The number of a round of a federation. It only grows."""

    federation: int
    round: int

    def pair(self) -> tuple[int, int]:
        """What is compared."""
        return self.federation, self.round


class OldRound(Exception):
    """A round that is over for this device."""


@dataclass(frozen=True)
class Memory:
    """What is in flash: the last round that is done, the error that int8 left up to there, and what
    a round that is not done yet would leave, with the checksum of its trained theta."""

    done: Round
    left: np.ndarray
    pending: Round
    pending_left: np.ndarray
    checksum: int

    @classmethod
    def new(cls, parameters: int) -> "Memory":
        """Nothing has happened yet."""
        zeros, never = np.zeros(parameters, np.float32), Round(0, 0)
        return cls(never, zeros, never, zeros, 0)

    def begin(self, number: Round) -> "Memory":
        """A round begins. An earlier one that is not done is given up; an old one is an error."""
        if number.pair() <= self.done.pair():
            raise OldRound(f"round {number.pair()} is over, {self.done.pair()} is done")
        return replace(self, pending=number)

    def leaves(self, left: np.ndarray, checksum: int) -> "Memory":
        """What the round that has begun leaves when it is done."""
        return replace(self, pending_left=left, checksum=checksum)

    def finish(self, number: Round) -> "Memory":
        """The server has saved this round with this device's update."""
        if number != self.pending or number == self.done:
            return self
        return replace(self, done=number, left=self.pending_left)


class Device:
    """A rehearsed device with its samples, whose memory is a file of a folder."""

    def __init__(
        self,
        number: int,
        network: "rolling_ball.Network",
        samples: Samples,
        byte: tuple[float, float],
        folder: Path,
    ) -> None:
        self.number, self.network, self.samples, self.byte = number, network, samples, byte
        self.file = folder / f"device-{number:05}.npz"

    def memory(self) -> Memory:
        """What it remembers."""
        if not self.file.exists():
            return Memory.new(self.network.parameters)
        with np.load(self.file) as file:
            done, pending = (Round(*map(int, file[name])) for name in ("done", "pending"))
            lefts = file["left"], file["pending_left"]
            return Memory(done, lefts[0], pending, lefts[1], int(file["checksum"]))

    def save(self, memory: Memory) -> None:
        """Writes it; a crash leaves the old memory or the new one."""
        write(
            self.file,
            done=memory.done.pair(),
            pending=memory.pending.pair(),
            left=memory.left,
            pending_left=memory.pending_left,
            checksum=memory.checksum,
        )

    def saved(self, number: Round, included: bool) -> bool:
        """The server has saved this round, with this device's update or without. Whether the device
        is told of it for the first time."""
        memory = self.memory()
        finished = memory.finish(number) if included else memory
        if finished is not memory:
            self.save(finished)
        return finished is not memory

    def train(self, number: Round, theta: np.ndarray, settings: Settings) -> Update:
        """Makes a round, or makes it again with the same bits."""
        if not np.isfinite(theta).all():
            raise ValueError("theta is not finite")
        memory = self.memory().begin(number)
        trained = rehearse(self.network, theta, self.samples, self.byte, settings)
        left = memory.left.copy()
        update = rolling_ball.fleet.rehearse_update(
            theta, trained.theta, left, encoding=settings.encoding
        )
        self.save(memory.leaves(left, trained.hash))
        return Update(self.number, update, metrics(trained))


def rehearse(
    network: "rolling_ball.Network",
    theta: np.ndarray,
    samples: Samples,
    byte: tuple[float, float],
    settings: Settings,
) -> "rolling_ball.Trained":
    """The training of a round, by the device's own code."""
    return network.train(
        theta,
        samples.x,
        samples.y,
        steps=settings.steps,
        batch=settings.batch,
        radius=settings.radius,
        learning_rate=settings.learning_rate,
        seed=settings.seed,
        guarded=settings.guarded,
        scale=byte[0],
        offset=byte[1],
    )


def metrics(told) -> dict[str, float]:
    """What a device tells of its training, or what its rehearsal does."""
    return {key: getattr(told, key) for key in COUNTS + NUMBERS}


@lru_cache(maxsize=1)
def network(path: str) -> "rolling_ball.Network":
    """The compiled network at this path, loaded once by a process."""
    if not path or not os.path.exists(path):
        raise ValueError(
            f"there is no compiled network at {path!r}: name what Model.build() made with network="
        )
    return rolling_ball.Network(path)
