"""What a round asks of a device, as a record that goes to it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from flwr.app import ConfigRecord, UserConfig

ENCODINGS = ("f32", "int8")


@dataclass(frozen=True)
class Settings:
    """How a device trains in a round, and how it tells its change.

    `steps` steps of the ball over batches of `batch` samples (0: all of them), or, `guarded`, the
    transaction that keeps as much of the move as held-out samples support. `encoding` is f32, or
    int8 with the error kept for the next round.
    """

    seed: int
    steps: int
    batch: int
    radius: float
    learning_rate: float
    encoding: str
    guarded: bool

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise ValueError(f"encoding is {self.encoding!r}; it must be one of {ENCODINGS}")
        if not 1 <= self.steps <= 0xFFFF or not 0 <= self.batch <= 0xFFFF:
            raise ValueError(f"steps is {self.steps}, batch {self.batch}: a device has 16 bits")

    @classmethod
    def of(cls, config: UserConfig | ConfigRecord) -> "Settings":
        """From the configuration of a run, or from the record that came with a round."""
        return cls(
            seed=int(config["seed"]),
            steps=int(config["steps"]),
            batch=int(config["batch"]),
            radius=float(config["radius"]),
            learning_rate=float(config["learning-rate"]),
            encoding=str(config["encoding"]),
            guarded=bool(config["guarded"]),
        )

    def record(self) -> ConfigRecord:
        """The record that goes to the devices."""
        return ConfigRecord(
            {
                "seed": self.seed,
                "steps": self.steps,
                "batch": self.batch,
                "radius": self.radius,
                "learning-rate": self.learning_rate,
                "encoding": self.encoding,
                "guarded": self.guarded,
            }
        )


def defaults() -> UserConfig:
    """The configuration of a run that says nothing."""
    project = Path(__file__).parent.parent / "pyproject.toml"
    with open(project, "rb") as file:
        return tomllib.load(file)["tool"]["flwr"]["app"]["config"]


def overridden(config: UserConfig, words: list[str]) -> UserConfig:
    """The configuration with KEY=VALUE, where a value has the type that it had."""
    config = dict(config)
    for word in words:
        key, equals, text = word.partition("=")
        if key not in config or not equals:
            raise ValueError(f"{word!r} is not KEY=VALUE; keys are {', '.join(config)}")
        kind = type(config[key])
        if kind is bool and text not in ("true", "false"):
            raise ValueError(f"{key} is true or false, not {text!r}")
        config[key] = text == "true" if kind is bool else kind(text)
    return config
