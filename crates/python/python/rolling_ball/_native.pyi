from os import PathLike
from typing import Any, Callable, Literal, Protocol, Sequence, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]
Inputs = Union[NDArray[np.uint8], NDArray[np.float32]]
Path = Union[str, PathLike[str]]
Rate = Union[float, Schedule]
Part = tuple[int, float, float]
Asked = Union[Literal["loss", "gradient"], Report]

__version__: str

class BuildError(Exception): ...

def command(arguments: Sequence[str]) -> int: ...
def run(arguments: Sequence[str]) -> None: ...
def hash(theta: Floats) -> int: ...
def inspect(path: Path, network: Path | None = None) -> dict[str, Any]: ...
def import_model(
    path: Path,
    network: Path | None = None,
    *,
    train: str | Sequence[str] | None = None,
    cut: str | None = None,
    name: str | None = None,
    range: tuple[float, float] | None = None,
    int8: Path | None = None,
    test: Path | None = None,
    expected: Path | None = None,
) -> Model: ...

class Model:
    @property
    def name(self) -> str: ...
    @property
    def inputs(self) -> int: ...
    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def parameters(self) -> int: ...
    @property
    def theta(self) -> Floats: ...
    @property
    def hash(self) -> int: ...
    @property
    def byte(self) -> tuple[float, float]: ...
    @property
    def notes(self) -> list[str]: ...
    def report(self) -> list[tuple[str, str, str | None]]: ...
    def inspect(self) -> dict[str, Any]: ...
    def features(self, x: Inputs) -> Floats: ...
    def samples(self, path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8], float, float]: ...
    def export(self, theta: Floats, path: Path) -> None: ...
    def build(
        self, source: str | None = None, *, cache: Path | None = None, quiet: bool = False
    ) -> Network: ...

class Network:
    def __init__(self, path: Path) -> None: ...
    @property
    def path(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def inputs(self) -> int: ...
    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def parameters(self) -> int: ...
    @property
    def theta(self) -> Floats: ...
    @property
    def hash(self) -> int: ...
    @property
    def byte(self) -> tuple[float, float]: ...
    def outputs(
        self,
        theta: Floats,
        x: Inputs,
        *,
        scale: float | None = None,
        offset: float | None = None,
    ) -> Floats: ...
    def loss(
        self,
        theta: Floats,
        x: Inputs,
        y: ArrayLike,
        *,
        loss: str = "cross_entropy",
        delta: float = 1.0,
        scale: float | None = None,
        offset: float | None = None,
    ) -> float: ...
    def loss_and_gradient(
        self,
        theta: Floats,
        x: Inputs,
        y: ArrayLike,
        *,
        loss: str = "cross_entropy",
        delta: float = 1.0,
        scale: float | None = None,
        offset: float | None = None,
    ) -> tuple[float, Floats]: ...
    def rehearse(
        self,
        theta: Floats,
        x: NDArray[np.uint8],
        y: ArrayLike,
        *,
        steps: int,
        optimizer: str = "ball",
        batch: int = 0,
        radius: float = 0.03,
        learning_rate: float = 1.0,
        held_out: tuple[NDArray[np.uint8], ArrayLike] | None = None,
        scale: float | None = None,
        offset: float | None = None,
        scalar: bool = False,
    ) -> Rehearsed: ...
    def train(
        self,
        theta: Floats,
        x: Inputs,
        y: ArrayLike,
        *,
        steps: int,
        batch: int = 0,
        radius: float = 0.03,
        learning_rate: float = 1.0,
        seed: int = 0,
        guarded: bool = False,
        scale: float | None = None,
        offset: float | None = None,
    ) -> Trained: ...
    def fine_tune(
        self,
        theta: Floats,
        x: Inputs,
        y: ArrayLike,
        *,
        groups: ArrayLike | None = None,
        old: tuple[Inputs, ArrayLike] | None = None,
        fold_steps: int | None = None,
        steps: int | None = None,
        batch: int = 0,
        pull: float | None = None,
        seed: int | None = None,
        scale: float | None = None,
        offset: float | None = None,
    ) -> FineTuned: ...

class Accuracy:
    @property
    def correct(self) -> int: ...
    @property
    def samples(self) -> int: ...
    @property
    def outputs(self) -> int: ...
    @property
    def fraction(self) -> float: ...

class Step:
    @property
    def step(self) -> int: ...
    @property
    def loss(self) -> float: ...
    @property
    def gradient_norm(self) -> float: ...
    @property
    def gradients(self) -> int: ...
    @property
    def losses(self) -> int: ...
    @property
    def hash(self) -> int: ...

class Rehearsed:
    @property
    def theta(self) -> Floats: ...
    @property
    def hash(self) -> int: ...
    @property
    def hashes(self) -> NDArray[np.uint32]: ...
    @property
    def losses(self) -> Floats: ...
    @property
    def reports(self) -> list[Step]: ...
    @property
    def before(self) -> Accuracy: ...
    @property
    def after(self) -> Accuracy: ...

class Trained:
    @property
    def theta(self) -> Floats: ...
    @property
    def hash(self) -> int: ...
    @property
    def samples(self) -> int: ...
    @property
    def correct_before(self) -> int: ...
    @property
    def correct_after(self) -> int: ...
    @property
    def loss_before(self) -> float: ...
    @property
    def loss_after(self) -> float: ...
    @property
    def kept(self) -> float: ...
    @property
    def wrong_labels(self) -> float: ...
    @property
    def steps(self) -> int: ...

class Refused(Exception): ...

class Hello:
    @property
    def version(self) -> int: ...
    @property
    def model(self) -> int: ...
    @property
    def parameters(self) -> int: ...
    @property
    def samples(self) -> int: ...
    @property
    def federation(self) -> int: ...
    @property
    def round(self) -> int: ...
    @property
    def stage(self) -> str: ...
    @property
    def chunk(self) -> int: ...

class Metrics:
    @property
    def samples(self) -> int: ...
    @property
    def correct_before(self) -> int: ...
    @property
    def correct_after(self) -> int: ...
    @property
    def loss_before(self) -> float: ...
    @property
    def loss_after(self) -> float: ...
    @property
    def kept(self) -> float: ...
    @property
    def wrong_labels(self) -> float: ...
    @property
    def steps(self) -> int: ...
    @property
    def hash(self) -> int: ...

CHUNK: int

def hello(exchange: Callable[[bytes], bytes]) -> Hello: ...
def round(
    exchange: Callable[[bytes], bytes],
    progress: Callable[[int, int, bool], None],
    theta: Floats,
    *,
    federation: int,
    round: int,
    model: int,
    steps: int,
    batch: int,
    radius: float,
    learning_rate: float,
    seed: int,
    encoding: str,
    guarded: bool,
) -> tuple[Floats, Metrics, Hello]: ...
def end(
    exchange: Callable[[bytes], bytes], federation: int, round: int, hash: int
) -> None: ...
def rehearse_update(
    start: Floats, theta: Floats, left: Floats, *, encoding: str = "int8"
) -> Floats: ...

class FineTuned:
    @property
    def theta(self) -> Floats: ...
    @property
    def hash(self) -> int: ...
    @property
    def credibilities(self) -> Floats: ...
    @property
    def kept(self) -> float: ...
    @property
    def refusal(self) -> str | None: ...
    @property
    def wrong_labels(self) -> float: ...
    @property
    def posterior(self) -> Floats: ...
    @property
    def agreeing(self) -> NDArray[np.uint32]: ...
    @property
    def old_agreeing(self) -> NDArray[np.uint32]: ...
    @property
    def gradients(self) -> int: ...
    @property
    def losses(self) -> int: ...
    @property
    def judgements(self) -> int: ...

class Schedule:
    @staticmethod
    def constant(value: float) -> Schedule: ...
    @staticmethod
    def linear(start: float, end: float, steps: int) -> Schedule: ...
    @staticmethod
    def cosine(start: float, end: float, steps: int) -> Schedule: ...
    @staticmethod
    def exponential(start: float, end: float, steps: int) -> Schedule: ...
    def at(self, step: int) -> float: ...

class Report:
    @property
    def step(self) -> int: ...
    @property
    def refused(self) -> int: ...
    @property
    def loss_before(self) -> float: ...
    @property
    def loss_after(self) -> float | None: ...
    @property
    def gradient_norm(self) -> float | None: ...
    @property
    def parameter_norm(self) -> float | None: ...
    @property
    def absolute_update(self) -> float | None: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def gradients(self) -> int: ...
    @property
    def losses(self) -> int: ...
    @property
    def contact_gap(self) -> float | None: ...
    @property
    def outcome(self) -> str: ...

class _Number(Protocol):
    def __float__(self) -> float: ...

class Optimizer:
    @property
    def parameters(self) -> int: ...
    @property
    def steps(self) -> int: ...
    @property
    def refused(self) -> int: ...
    @property
    def awaits(self) -> Literal["loss", "gradient"] | None: ...
    def begin(self, theta: Floats) -> Asked: ...
    def tell_loss(self, theta: Floats, loss: float) -> Asked: ...
    def tell_gradient(self, theta: Floats, loss: float, gradient: Floats) -> Asked: ...
    def step(
        self,
        theta: Floats,
        gradient: Callable[[Floats], tuple[_Number, Floats]],
        loss: Callable[[Floats], _Number] | None = None,
    ) -> Report: ...
    def abandon(self) -> None: ...
    def restart(self) -> None: ...
    def halve_when_refused(self, halve: bool) -> None: ...
    def set_learning_rate(self, rate: Rate) -> None: ...
    def set_schedule_steps(self, steps: int) -> None: ...
    def centre(self, theta: Floats) -> Floats: ...
    def save(self) -> bytes: ...
    def resume(self, saved: bytes) -> None: ...

class Ball(Optimizer):
    def __init__(
        self,
        parameters: int,
        radius: Rate = 0.03,
        learning_rate: Rate = 0.1,
        *,
        steps: int | None = None,
        loss_scale: float = 3.0,
        footpoint: str = "lagged_contact",
        centre_step: str = "arc_length",
        iterations: int = 8,
        tolerance: float = 0.01,
        roll_back: bool = True,
        clip: float | None = None,
        parts: Sequence[Part] | None = None,
    ) -> None: ...

class Sgd(Optimizer):
    def __init__(
        self,
        parameters: int,
        learning_rate: Rate = 0.01,
        *,
        steps: int | None = None,
        momentum: float = 0.0,
        nesterov: bool = False,
        line_search: bool = False,
        roll_back: bool = True,
        measure_every: int = 1,
        clip: float | None = None,
        parts: Sequence[Part] | None = None,
    ) -> None: ...

class Adam(Optimizer):
    def __init__(
        self,
        parameters: int,
        learning_rate: Rate = 0.001,
        *,
        steps: int | None = None,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
        roll_back: bool = True,
        clip: float | None = None,
        parts: Sequence[Part] | None = None,
    ) -> None: ...

class Sam(Optimizer):
    def __init__(
        self,
        parameters: int,
        learning_rate: Rate = 0.01,
        radius: Rate = 0.05,
        *,
        steps: int | None = None,
        roll_back: bool = True,
        clip: float | None = None,
        parts: Sequence[Part] | None = None,
    ) -> None: ...

class EntropySgd(Optimizer):
    def __init__(
        self,
        parameters: int,
        learning_rate: Rate = 1.0,
        *,
        steps: int | None = None,
        walk_rate: Rate = 0.01,
        moves: int = 20,
        pull: Rate = 1e-4,
        newest: float = 0.75,
        noise: float = 1e-4,
        seed: int = 1,
        roll_back: bool = True,
        clip: float | None = None,
        parts: Sequence[Part] | None = None,
    ) -> None: ...

class Dog(Optimizer):
    def __init__(
        self,
        parameters: int,
        learning_rate: Rate = 1.0,
        *,
        steps: int | None = None,
        initial_distance: float = 1e-6,
        epsilon: float = 1e-8,
        average: bool = False,
        roll_back: bool = True,
        clip: float | None = None,
        parts: Sequence[Part] | None = None,
    ) -> None: ...

class Prodigy(Optimizer):
    def __init__(
        self,
        parameters: int,
        learning_rate: Rate = 1.0,
        *,
        steps: int | None = None,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
        initial_distance: float = 1e-6,
        distance_factor: float = 1.0,
        roll_back: bool = True,
        clip: float | None = None,
        parts: Sequence[Part] | None = None,
    ) -> None: ...

class ZerothOrderBall(Optimizer):
    def __init__(
        self,
        parameters: int,
        radius: float,
        *,
        steps: int,
        seed: int = 1,
        learning_rate: Rate | None = None,
    ) -> None: ...
