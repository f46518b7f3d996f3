"""A board behind a byte stream, which the gateway drives, and its rehearsal beside it."""

import json
import socket
import time

import numpy as np
from rolling_ball.fleet import Gateway, Refused

from .device import Device, Round, metrics
from .settings import Settings
from .update import Update

# How long a board that is silent is waited for, in seconds: it may be starting again.
PATIENCE = 120.0
# How long an answer is waited for before it is asked again.
ANSWER = 1.0
FILE = "boards.jsonl"


class BoardError(Exception):
    """Why a board takes no part in a round."""


class Board:
    """A real or emulated device, and the rehearsal of it.

    Whatever goes wrong on the way (a frame that is damaged, a board that resets, a gateway that
    begins anew), the same round is asked for again, and the board goes on where it was.
    """

    def __init__(self, rehearsed: Device, address: str) -> None:
        self.rehearsed, self.number = rehearsed, rehearsed.number
        host, _, port = address.rpartition(":")
        if not host or not port.isdigit():
            raise ValueError(f"boards= has {address!r}, which is not HOST:PORT")
        self.address = host, int(port)
        # Connections that were made, and bytes on them.
        self.attempts = self.sent = self.received = 0

    def saved(self, number: Round, included: bool) -> None:
        """The server has saved this round, with this board's update or without."""
        memory = self.rehearsed.memory()
        if included and number == memory.pending and number != memory.done:

            def attempt(gateway: Gateway) -> None:
                gateway.end(number.federation, number.round, memory.checksum)

            self.persistently(attempt)
            self.rehearsed.saved(number, included)

    def train(self, number: Round, theta: np.ndarray, settings: Settings) -> Update:
        """Makes a round on the board, makes it in rehearsal too, and writes down whether they
        agree."""
        # First, so that a gateway that dies in the round knows of it too.
        expected = self.rehearsed.train(number, theta, settings)

        def attempt(gateway: Gateway) -> Update:
            change = gateway.update(
                theta,
                federation=number.federation,
                round=number.round,
                model=self.rehearsed.network.hash,
                steps=settings.steps,
                batch=settings.batch,
                radius=settings.radius,
                learning_rate=settings.learning_rate,
                seed=settings.seed,
                encoding=settings.encoding,
                guarded=settings.guarded,
            )
            return Update(self.number, change, metrics(gateway.metrics))

        update = self.persistently(attempt)
        self.write_down(number, update, expected)
        return update

    def persistently(self, work):
        """Does the work over a connection, and over another one where that ends in the middle."""
        deadline, last = time.monotonic() + PATIENCE, None
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(self.address, timeout=ANSWER) as connection:
                    self.attempts += 1
                    return work(Gateway(Counted(connection, self), timeout=ANSWER))
            except Refused as error:
                raise BoardError(f"the board refuses: {error}") from error
            except OSError as error:
                # Reset, killed, or not there yet.
                last = error
                time.sleep(0.2)
        raise BoardError(f"the board has not answered for {PATIENCE:.0f} s: {last}")

    def write_down(self, number: Round, update: Update, expected: Update) -> None:
        """Adds a line to the file of comparisons."""
        line = {
            "federation": number.federation,
            "round": number.round,
            "device": self.number,
            "attempts": self.attempts,
            "sent": self.sent,
            "received": self.received,
            "equal": same(update, expected),
        }
        with open(self.rehearsed.file.parent / FILE, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


class Counted:
    """A connection, whose bytes are counted."""

    def __init__(self, connection: socket.socket, board: Board) -> None:
        self.connection, self.board = connection, board

    def write(self, data: bytes) -> None:
        """Sends all of it."""
        self.board.sent += len(data)
        self.connection.sendall(data)

    def read(self, most: int) -> bytes:
        """What has come; nothing after a while."""
        try:
            data = self.connection.recv(most)
        except TimeoutError:
            return b""
        if not data:
            raise ConnectionResetError("the board has hung up")
        self.board.received += len(data)
        return data


def same(update: Update, expected: Update) -> bool:
    """Whether two updates have the same bits."""
    changes = update.change.tobytes() == expected.change.tobytes()
    return changes and update.metrics == expected.metrics
