"""The optimizers as `torch.optim.Optimizer`s, and a firmware of a module.

They train any module on the processor: its parameters are copied into one vector of float32 for
each step, and back. torch is imported here and nowhere else in the package.

    optimizer = rolling_ball.torch.RollingBall(model.parameters(), lr=0.1, radius=0.03)

    def closure():
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        return loss

    optimizer.step(closure)
"""

from __future__ import annotations

import importlib.util
import inspect
import os
import tempfile
import warnings
from typing import Any, Callable, Iterable

import numpy as np

try:
    import torch
except ImportError as error:
    raise ImportError(
        "rolling_ball.torch needs torch, which is not installed: pip install torch"
    ) from error

from . import Ball, Report
from . import _native

__all__ = ["Optimizer", "RollingBall", "export", "firmware"]


class Optimizer(torch.optim.Optimizer):
    """Any optimizer of this package over the parameters of modules.

    `params` are parameters, or groups of them as torch has them, each with its own `lr` and
    `weight_decay`. `kind` is a class such as `rolling_ball.Sam`, which is made with
    `learning_rate=lr` and the further `settings`. `lr` is the learning rate, `weight_decay` what is
    added to the loss: `weight_decay * |parameters|^2 / 2`.

    All parameters are one vector to the optimizer: a ball rolls over all groups at once. A learning
    rate that changes, such as by a scheduler of torch, is taken over as long as those of the groups
    keep their ratios. Where `steps=` is among the settings, the rate falls by itself, and no
    scheduler may change it. Parameters of another type than float32 are rounded to it.

    Raises `ValueError` where there is no parameter, one is no real number, or a setting is out of
    range.
    """

    def __init__(
        self,
        params: Iterable[Any],
        kind: Callable[..., _native.Optimizer],
        *,
        lr: float,
        weight_decay: float = 0.0,
        **settings: Any,
    ) -> None:
        self._optimizer: _native.Optimizer | None = None
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})
        self._largest = max((group["lr"] for group in self.param_groups), default=0.0)
        if not self._largest > 0.0:
            raise ValueError("lr: expected a group whose learning rate is above 0")
        parts = []
        for group in self.param_groups:
            length = sum(parameter.numel() for parameter in group["params"])
            parts.append((length, group["lr"] / self._largest, group["weight_decay"]))
            for parameter in group["params"]:
                if not parameter.is_floating_point():
                    found = parameter.dtype
                    raise ValueError(f"params: expected real floating-point numbers, found {found}")
        self._rates = [rate for _, rate, _ in parts]
        self._decays = [decay for _, _, decay in parts]
        plain = all(rate == 1.0 and decay == 0.0 for _, rate, decay in parts)
        self._theta = np.zeros(sum(length for length, _, _ in parts), np.float32)
        self._gradient = np.zeros_like(self._theta)
        self._optimizer = kind(
            len(self._theta),
            learning_rate=self._largest,
            parts=None if plain else parts,
            **settings,
        )
        self.report: Report | None = None
        """What the last step told."""

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Refused once the optimizer is made: its vectors are as long as all parameters."""
        if self._optimizer is not None:
            raise ValueError("the optimizer has all its parameters: make it anew with the group")
        super().add_param_group(param_group)

    def step(
        self,
        closure: Callable[[], Any],
        loss: Callable[[], Any] | None = None,
    ) -> float:
        """Makes a step, and returns the loss where it began.

        `closure` clears the gradients, evaluates the loss, calls `backward` on it and returns it,
        as for `torch.optim.LBFGS`. `loss` evaluates the loss alone, for the forms that ask for that
        too; without it they call `closure`.

        Raises `FloatingPointError` where a loss, a gradient or the step is not finite; the
        parameters are then where the step began, or as the form of the optimizer says. Raises
        `ValueError` where no parameter has a gradient, or the settings of a group changed other
        than by one factor of all learning rates. After an error of `closure` the parameters are
        where it was called.
        """
        self._follow_groups()
        self._gather(self._theta, lambda parameter: parameter)
        evaluate = torch.enable_grad()(closure)

        def gradient(theta: np.ndarray) -> tuple[float, np.ndarray]:
            self._scatter(theta)
            value = _number(evaluate())
            if all(parameter.grad is None for parameter in self._parameters()):
                raise ValueError("closure: expected it to call backward(): there is no gradient")
            self._gather(self._gradient, lambda parameter: parameter.grad)
            return value, self._gradient

        def alone(theta: np.ndarray) -> float:
            self._scatter(theta)
            if loss is None:
                return _number(evaluate())
            with torch.no_grad():
                return _number(loss())

        try:
            self.report = self._optimizer.step(self._theta, gradient, alone)
        finally:
            self._scatter(self._theta)
        return self.report.loss_before

    def centre(self) -> list[torch.Tensor]:
        """The parameters to deploy where many labels are wrong, in the order of the groups: for the
        ball those of its centre, else the parameters themselves."""
        self._gather(self._theta, lambda parameter: parameter)
        rest, tensors = torch.from_numpy(self._optimizer.centre(self._theta)), []
        for parameter in self._parameters():
            tensors.append(rest[: parameter.numel()].reshape(parameter.shape).to(parameter))
            rest = rest[parameter.numel() :]
        return tensors

    def state_dict(self) -> dict[str, Any]:
        """As torch's, with what the optimizer carries from step to step."""
        saved = np.frombuffer(self._optimizer.save(), np.uint8).copy()
        return {**super().state_dict(), "rolling_ball": torch.from_numpy(saved)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes back what `state_dict` gave of an optimizer of the same kind and settings: it goes
        on with the same bits. Raises `ValueError` of anything else; nothing is changed then."""
        others = dict(state_dict)
        saved = others.pop("rolling_ball", None)
        if saved is None:
            raise ValueError("state_dict: expected what state_dict() gave of the same optimizer")
        before = self._optimizer.save()
        self._optimizer.resume(saved.cpu().numpy().tobytes())
        try:
            super().load_state_dict(others)
        except Exception:
            self._optimizer.resume(before)
            raise

    def __getstate__(self) -> dict[str, Any]:
        raise TypeError(
            "the optimizer is neither copied nor pickled: make another with the same settings, and "
            "load_state_dict() what state_dict() gives"
        )

    def _parameters(self) -> Iterable[torch.nn.Parameter]:
        return (parameter for group in self.param_groups for parameter in group["params"])

    @torch.no_grad()
    def _gather(self, vector: np.ndarray, what: Callable[..., torch.Tensor | None]) -> None:
        rest = torch.from_numpy(vector)
        for parameter in self._parameters():
            place, rest = rest[: parameter.numel()], rest[parameter.numel() :]
            values = what(parameter)
            if values is None:
                place.zero_()
            else:
                place.copy_(values.detach().to_dense().reshape(-1))

    @torch.no_grad()
    def _scatter(self, theta: np.ndarray) -> None:
        rest = torch.from_numpy(theta)
        for parameter in self._parameters():
            values, rest = rest[: parameter.numel()], rest[parameter.numel() :]
            parameter.copy_(values.reshape(parameter.shape))

    def _follow_groups(self) -> None:
        """Takes over a learning rate that was changed, such as by a scheduler."""
        if [group["weight_decay"] for group in self.param_groups] != self._decays:
            raise ValueError(
                "weight_decay: expected that of each group to stay: make the optimizer anew"
            )
        rates = [group["lr"] for group in self.param_groups]
        largest = max(rates)
        expected = [ratio * largest for ratio in self._rates]
        if not np.allclose(rates, expected, rtol=1e-5, atol=0.0):
            raise ValueError(
                "the learning rates of the groups changed by different factors: expected one factor"
            )
        if largest != self._largest:
            self._optimizer.set_learning_rate(largest)
            self._largest = largest


def _number(loss: Any) -> float:
    """A loss as a number."""
    if loss is None:
        raise TypeError("expected a closure that returns the loss, found None")
    return float(loss.detach() if isinstance(loss, torch.Tensor) else loss)


class RollingBall(Optimizer):
    """The rolling ball.

    `lr` is the learning rate of the centre, `radius` the scale at which the ball sees the loss, in
    units of the parameters: a number, or a `rolling_ball.Schedule`. With `steps` both shrink to
    nothing in so many steps. `roll_back` asks for the loss at each new point, so that one that is
    not finite is undone; further settings are those of `rolling_ball.Ball`.
    """

    def __init__(
        self,
        params: Iterable[Any],
        *,
        lr: float = 0.1,
        radius: Any = 0.03,
        steps: int | None = None,
        roll_back: bool = False,
        weight_decay: float = 0.0,
        **settings: Any,
    ) -> None:
        super().__init__(
            params,
            Ball,
            lr=lr,
            weight_decay=weight_decay,
            radius=radius,
            steps=steps,
            roll_back=roll_back,
            **settings,
        )


def firmware(
    module: torch.nn.Module,
    example: torch.Tensor,
    folder: str | os.PathLike[str],
    *,
    board: str,
    train: str | Iterable[str] = "last:1",
    language: str = "rust",
    samples: str | os.PathLike[str] | None = None,
    calibration: str | os.PathLike[str] | None = None,
    source: str | None = None,
) -> None:
    """Writes a firmware project that fine-tunes a module of torch on a board.

    The module is exported to ONNX by torch's own exporter, for an input like `example` (whose first
    dimension is a batch of one), and goes the way of `rolling-ball new --model`: it is imported,
    compared layer by layer with the file's own graph, and becomes a project in `folder`, which must
    not be there yet. `board`, `train`, `language`, `samples`, `calibration` and `source` are those
    of `rolling-ball new --help`.

    Raises what `export` raises, and `ValueError` where what was exported cannot be imported or an
    argument is wrong; nothing is written then.
    """
    words = [train] if isinstance(train, str) else list(train)
    arguments = ["rolling-ball", "new", os.fspath(folder), "--board", board]
    arguments += ["--language", language, "--train", *words]
    for name, value in {"samples": samples, "calibration": calibration, "source": source}.items():
        if value is not None:
            arguments += [f"--{name}", os.fspath(value)]
    with tempfile.TemporaryDirectory() as temporary:
        model = os.path.join(temporary, "model.onnx")
        export(module, example, model)
        _native.run([*arguments, "--model", model])


def export(module: torch.nn.Module, example: torch.Tensor, path: str | os.PathLike[str]) -> None:
    """Writes a module as ONNX, by torch's own exporter, for an input like `example`, whose first
    dimension is a batch of one. The module is exported as it evaluates, not as it trains.

    Raises `ImportError` where torch needs the package onnx for that, as version 2 does, and it is
    not installed; and what torch raises where it cannot export the module.
    """
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        # Of two exporters the older one: the other needs the package onnxscript too.
        newer = "dynamo" in inspect.signature(torch.onnx.export).parameters
        choice = {"dynamo": False} if newer else {}
        with warnings.catch_warnings():
            # That it is the older one.
            warnings.simplefilter("ignore", DeprecationWarning)
            torch.onnx.export(module, (example,), os.fspath(path), **choice)
    except Exception as error:
        if importlib.util.find_spec("onnx") is None:
            raise ImportError(
                "torch could not export the module, maybe since the package onnx is not installed: "
                "pip install onnx"
            ) from error
        raise
    finally:
        for part, training in modes:
            part.training = training
