"""Devices that learn together: the gateway to one, and the update that it would send.

    gateway = rolling_ball.fleet.Gateway(socket.create_connection(("127.0.0.1", 4000)))
    update = gateway.update(theta, federation=1, round=1, model=model.hash, steps=20)
    gateway.metrics.loss_after
    gateway.done()    # once the update counts, such as when a server has saved it

The protocol is that of the crate `rolling-ball-fleet`, by the same compiled code as the device's.
"""

from __future__ import annotations

import socket
import time
from typing import Any, Callable, Literal

from ._native import CHUNK, Hello, Metrics, Refused, rehearse_update
from . import _native

__all__ = ["CHUNK", "Gateway", "Hello", "Metrics", "Refused", "rehearse_update"]


class Gateway:
    """The gateway to a device, over a stream of bytes.

    `stream` is a connected socket, or any object with `write(bytes)` and `read(n)`, which returns
    what has come, at most `n` bytes, and nothing after a time-out of its own, such as a serial
    port. After `timeout` seconds without an answer the device is asked again; after `patience`
    seconds it is given up with `TimeoutError`. A stream that ends is a `ConnectionError`. After
    either a new gateway, with the same settings, goes on with the round where the device is.
    """

    def __init__(self, stream: Any, *, timeout: float = 1.0, patience: float = 60.0) -> None:
        self.stream = stream
        self.timeout = timeout
        self.patience = patience
        self.metrics: Metrics | None = None
        """What the device told of its training, once it was trained."""
        self._round: tuple[int, int] | None = None
        self._heard = time.monotonic()
        if isinstance(stream, socket.socket):
            stream.settimeout(timeout)

    def hello(self) -> Hello:
        """Asks the device who it is.

        Raises `Refused` where it speaks another version of the protocol.
        """
        self._heard = time.monotonic()
        return _native.hello(self._exchange)

    def update(
        self,
        theta: Any,
        *,
        federation: int,
        round: int,
        model: int,
        steps: int,
        batch: int = 0,
        radius: float = 0.03,
        learning_rate: float = 1.0,
        seed: int = 0,
        encoding: Literal["int8", "f32"] = "int8",
        guarded: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> Any:
        """Makes a round with the device, up to its update: sends theta, waits for the training, and
        returns what has changed, float32 [parameters], as the device sent it.

        `theta` is float32 [parameters]. (`federation`, `round`) only grows. `batch` is the samples
        of a step, 0 for all; `seed` chooses the first, or the guard's folds. `encoding` is `int8`,
        with what the rounding leaves sent in the next round, or `f32`. `progress` hears how many
        values of theta the device has, and how many of the update are here.

        It may be called again with the same settings, also by a new gateway: the round goes on.
        Raises `ValueError` where a setting is out of range or theta is not finite, `Refused` where
        the device has another model, knows a later round, or could not be trained.
        """

        def told(sent: int, fetched: int, busy: bool) -> None:
            self._heard = time.monotonic()
            if progress is not None:
                progress(sent, fetched)
            if busy:
                time.sleep(min(0.1, self.timeout))

        self._heard = time.monotonic()
        update, self.metrics, _ = _native.round(
            self._exchange,
            told,
            theta,
            federation=federation,
            round=round,
            model=model,
            steps=steps,
            batch=batch,
            radius=radius,
            learning_rate=learning_rate,
            seed=seed,
            encoding=encoding,
            guarded=guarded,
        )
        self._round = (federation, round)
        return update

    def done(self) -> None:
        """Tells the device that its update was counted, which ends the round: what was sent is
        taken off what is left for the next update.

        Raises `RuntimeError` where there is no update yet, `Refused` where the device refuses.
        """
        if self._round is None or self.metrics is None:
            raise RuntimeError("done: expected a round whose update is here")
        self.end(*self._round, self.metrics.hash)

    def end(self, federation: int, round: int, hash: int) -> None:
        """As `done`, for a gateway that was itself restarted: `hash` is that of the metrics."""
        self._heard = time.monotonic()
        _native.end(self._exchange, federation, round, hash)

    def _exchange(self, request: bytes) -> bytes:
        """Sends a frame, and returns what has come, up to a frame's end, or nothing in time."""
        self._write(request)
        came, until = b"", time.monotonic() + self.timeout
        while time.monotonic() < until and not came.endswith(b"\0"):
            came += self._read()
        if time.monotonic() > self._heard + self.patience:
            raise TimeoutError(f"the device did not answer for {self.patience} seconds")
        return came

    def _write(self, data: bytes) -> None:
        if isinstance(self.stream, socket.socket):
            self.stream.sendall(data)
        else:
            self.stream.write(data)

    def _read(self) -> bytes:
        if not isinstance(self.stream, socket.socket):
            return self.stream.read(4096) or b""
        try:
            came = self.stream.recv(4096)
        except socket.timeout:
            return b""
        if not came:
            raise ConnectionError("the device has closed the connection")
        return came
