"""What the server knows of a federation, in one file that is always whole."""

import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from zipfile import BadZipFile

import numpy as np

FILE = "server.npz"


@dataclass(frozen=True)
class State:
    """The shared parameters after so many rounds, and whose updates are in the last of them.

    `history` has for each round its metrics by name.
    """

    federation: int
    round: int
    theta: np.ndarray
    included: frozenset[int] = frozenset()
    history: dict[int, dict[str, float]] = field(default_factory=dict)

    def after(self, theta: np.ndarray, included: frozenset[int], metrics: dict) -> "State":
        """The state after one round more."""
        history = {**self.history, self.round + 1: metrics}
        theta = np.asarray(theta, np.float32)
        return replace(
            self, round=self.round + 1, theta=theta, included=included, history=history
        )

    def told(self, metrics: dict) -> "State":
        """The same state, with more metrics of its last round."""
        of_round = {**self.history.get(self.round, {}), **metrics}
        return replace(self, history={**self.history, self.round: of_round})

    def save(self, folder: Path) -> None:
        """Writes the file anew; a crash leaves the old one or the new one."""
        words = {
            "federation": self.federation,
            "round": self.round,
            "included": sorted(self.included),
            "history": self.history,
        }
        write(folder / FILE, theta=self.theta, words=json.dumps(words))

    @classmethod
    def load(cls, folder: Path, federation: int) -> "State | None":
        """What was saved of this federation; nothing where none was."""
        path = folder / FILE
        if not path.exists():
            return None
        try:
            with np.load(path) as file:
                theta, words = file["theta"], json.loads(str(file["words"]))
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise ValueError(
                f"{path} is not what a server saves: {error}; remove it to begin anew"
            ) from error
        if words["federation"] != federation:
            raise ValueError(
                f"{path} is of federation {words['federation']}, and this is {federation}: name "
                "another folder with state=, or the same federation with federation="
            )
        history = {int(number): metrics for number, metrics in words["history"].items()}
        return cls(federation, words["round"], theta, frozenset(words["included"]), history)


def write(path: Path, **arrays) -> None:
    """Writes arrays into a file that takes its name when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=path.stem, delete=False) as file:
        try:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            os.unlink(file.name)
            raise
    os.replace(file.name, path)
