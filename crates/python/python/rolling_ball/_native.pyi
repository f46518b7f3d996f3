from os import PathLike
from pathlib import Path
from typing import Any, Callable, Literal, Protocol, Sequence, Union, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Floats = NDArray[np.float32]
_Inputs = Union[NDArray[np.uint8], NDArray[np.float32]]
_Path = Union[str, PathLike[str]]
_Rate = Union[float, Schedule]
_Part = tuple[int, float, float]
_Asked = Union[Literal["loss", "gradient"], Report]
_Loss = Literal["cross_entropy", "squared_error", "binary_cross_entropy", "huber"]
_Rehearsed = Literal["ball", "sgd", "momentum", "adam", "sam", "zeroth-order-ball"]
_Footpoint = Literal["lagged_contact", "refreshed_contact", "gauss_newton", "gradient_descent"]
_CentreStep = Literal["arc_length", "plain", "armijo"]
_Encoding = Literal["int8", "f32"]

__version__: str

class BuildError(Exception): ...

def command(arguments: Sequence[str]) -> int: ...
def run(arguments: Sequence[str]) -> None: ...
def hash(theta: _Floats) -> int: ...
def inspect(path: _Path, network: _Path | None = None) -> dict[str, Any]: ...
def import_model(
    path: _Path,
    network: _Path | None = None,
    *,
    train: str | Sequence[str] | None = None,
    cut: str | None = None,
    name: str | None = None,
    range: tuple[float, float] | None = None,
    int8: _Path | None = None,
    test: _Path | None = None,
    expected: _Path | None = None,
) -> Model: ...

@final
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
    def theta(self) -> _Floats: ...
    @property
    def hash(self) -> int: ...
    @property
    def byte(self) -> tuple[float, float]: ...
    @property
    def notes(self) -> list[str]: ...
    def report(self) -> list[tuple[str, str, str | None]]: ...
    def inspect(self) -> dict[str, Any]: ...
    def features(self, x: _Inputs) -> _Floats: ...
    def samples(self, path: _Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8], float, float]: ...
    def export(self, theta: _Floats, path: _Path) -> None: ...
    def build(
        self, source: str | None = None, *, cache: _Path | None = None, quiet: bool = False
    ) -> Network: ...

@final
class Network:
    def __new__(cls, path: _Path) -> Network: ...
    @property
    def path(self) -> Path: ...
    @property
    def name(self) -> str: ...
    @property
    def inputs(self) -> int: ...
    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def parameters(self) -> int: ...
    @property
    def theta(self) -> _Floats: ...
    @property
    def hash(self) -> int: ...
    @property
    def byte(self) -> tuple[float, float]: ...
    def outputs(
        self,
        theta: _Floats,
        x: _Inputs,
        *,
        scale: float | None = None,
        offset: float | None = None,
    ) -> _Floats: ...
    def loss(
        self,
        theta: _Floats,
        x: _Inputs,
        y: ArrayLike,
        *,
        loss: _Loss = "cross_entropy",
        delta: float = 1.0,
        scale: float | None = None,
        offset: float | None = None,
    ) -> float: ...
    def loss_and_gradient(
        self,
        theta: _Floats,
        x: _Inputs,
        y: ArrayLike,
        *,
        loss: _Loss = "cross_entropy",
        delta: float = 1.0,
        scale: float | None = None,
        offset: float | None = None,
    ) -> tuple[float, _Floats]: ...
    def rehearse(
        self,
        theta: _Floats,
        x: NDArray[np.uint8],
        y: ArrayLike,
        *,
        steps: int,
        optimizer: _Rehearsed = "ball",
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
        theta: _Floats,
        x: _Inputs,
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
        theta: _Floats,
        x: _Inputs,
        y: ArrayLike,
        *,
        groups: ArrayLike | None = None,
        old: tuple[_Inputs, ArrayLike] | None = None,
        fold_steps: int | None = None,
        steps: int | None = None,
        batch: int = 0,
        pull: float | None = None,
        seed: int | None = None,
        scale: float | None = None,
        offset: float | None = None,
    ) -> FineTuned: ...

@final
class Accuracy:
    @property
    def correct(self) -> int: ...
    @property
    def samples(self) -> int: ...
    @property
    def outputs(self) -> int: ...
    @property
    def fraction(self) -> float: ...

@final
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

@final
class Rehearsed:
    @property
    def theta(self) -> _Floats: ...
    @property
    def hash(self) -> int: ...
    @property
    def hashes(self) -> NDArray[np.uint32]: ...
    @property
    def losses(self) -> _Floats: ...
    @property
    def reports(self) -> list[Step]: ...
    @property
    def before(self) -> Accuracy: ...
    @property
    def after(self) -> Accuracy: ...

@final
class Trained:
    @property
    def theta(self) -> _Floats: ...
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

@final
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

@final
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
    theta: _Floats,
    *,
    federation: int,
    round: int,
    model: int,
    steps: int,
    batch: int,
    radius: float,
    learning_rate: float,
    seed: int,
    encoding: _Encoding,
    guarded: bool,
) -> tuple[_Floats, Metrics, Hello]: ...
def end(
    exchange: Callable[[bytes], bytes], federation: int, round: int, hash: int
) -> None: ...
def rehearse_update(
    start: _Floats, theta: _Floats, left: _Floats, *, encoding: _Encoding = "int8"
) -> _Floats: ...

@final
class FineTuned:
    @property
    def theta(self) -> _Floats: ...
    @property
    def hash(self) -> int: ...
    @property
    def credibilities(self) -> _Floats: ...
    @property
    def kept(self) -> float: ...
    @property
    def refusal(self) -> str | None: ...
    @property
    def wrong_labels(self) -> float: ...
    @property
    def posterior(self) -> _Floats: ...
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

@final
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

@final
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
    def begin(self, theta: _Floats) -> _Asked: ...
    def tell_loss(self, theta: _Floats, loss: float) -> _Asked: ...
    def tell_gradient(self, theta: _Floats, loss: float, gradient: _Floats) -> _Asked: ...
    def step(
        self,
        theta: _Floats,
        gradient: Callable[[_Floats], tuple[_Number, _Floats]],
        loss: Callable[[_Floats], _Number] | None = None,
    ) -> Report: ...
    def abandon(self) -> None: ...
    def restart(self) -> None: ...
    def halve_when_refused(self, halve: bool) -> None: ...
    def set_learning_rate(self, rate: _Rate) -> None: ...
    def set_schedule_steps(self, steps: int) -> None: ...
    def centre(self, theta: _Floats) -> _Floats: ...
    def save(self) -> bytes: ...
    def resume(self, saved: bytes) -> None: ...

@final
class Ball(Optimizer):
    def __new__(
        cls,
        parameters: int,
        radius: _Rate = 0.03,
        learning_rate: _Rate = 0.1,
        *,
        steps: int | None = None,
        loss_scale: float = 3.0,
        footpoint: _Footpoint = "lagged_contact",
        centre_step: _CentreStep = "arc_length",
        iterations: int = 8,
        tolerance: float = 0.01,
        roll_back: bool = True,
        clip: float | None = None,
        parts: Sequence[_Part] | None = None,
    ) -> Ball: ...

@final
class Sgd(Optimizer):
    def __new__(
        cls,
        parameters: int,
        learning_rate: _Rate = 0.01,
        *,
        steps: int | None = None,
        momentum: float = 0.0,
        nesterov: bool = False,
        line_search: bool = False,
        roll_back: bool = True,
        measure_every: int = 1,
        clip: float | None = None,
        parts: Sequence[_Part] | None = None,
    ) -> Sgd: ...

@final
class Adam(Optimizer):
    def __new__(
        cls,
        parameters: int,
        learning_rate: _Rate = 0.001,
        *,
        steps: int | None = None,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
        roll_back: bool = True,
        clip: float | None = None,
        parts: Sequence[_Part] | None = None,
    ) -> Adam: ...

@final
class Sam(Optimizer):
    def __new__(
        cls,
        parameters: int,
        learning_rate: _Rate = 0.01,
        radius: _Rate = 0.05,
        *,
        steps: int | None = None,
        roll_back: bool = True,
        clip: float | None = None,
        parts: Sequence[_Part] | None = None,
    ) -> Sam: ...

@final
class EntropySgd(Optimizer):
    def __new__(
        cls,
        parameters: int,
        learning_rate: _Rate = 1.0,
        *,
        steps: int | None = None,
        walk_rate: _Rate = 0.01,
        moves: int = 20,
        pull: _Rate = 1e-4,
        newest: float = 0.75,
        noise: float = 1e-4,
        seed: int = 1,
        roll_back: bool = True,
        clip: float | None = None,
        parts: Sequence[_Part] | None = None,
    ) -> EntropySgd: ...

@final
class Dog(Optimizer):
    def __new__(
        cls,
        parameters: int,
        learning_rate: _Rate = 1.0,
        *,
        steps: int | None = None,
        initial_distance: float = 1e-6,
        epsilon: float = 1e-8,
        average: bool = False,
        roll_back: bool = True,
        clip: float | None = None,
        parts: Sequence[_Part] | None = None,
    ) -> Dog: ...

@final
class Prodigy(Optimizer):
    def __new__(
        cls,
        parameters: int,
        learning_rate: _Rate = 1.0,
        *,
        steps: int | None = None,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
        initial_distance: float = 1e-6,
        distance_factor: float = 1.0,
        roll_back: bool = True,
        clip: float | None = None,
        parts: Sequence[_Part] | None = None,
    ) -> Prodigy: ...

@final
class ZerothOrderBall(Optimizer):
    def __new__(
        cls,
        parameters: int,
        radius: float,
        *,
        steps: int,
        seed: int = 1,
        learning_rate: _Rate | None = None,
    ) -> ZerothOrderBall: ...
