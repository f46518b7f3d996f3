"""The gateway to a device of a fleet, against a device that is played by these tests."""

import socket
import struct
import threading
import zlib

import numpy as np
import pytest

import rolling_ball.fleet as fleet

MODEL = 0x12345678


def stuffed(content):
    """A frame: content, its CRC-32, coded by consistent overhead byte stuffing, and a zero."""
    content += struct.pack("<I", zlib.crc32(content))
    coded, block = b"", b""
    for byte in content + b"\0":
        if byte:
            block += bytes([byte])
            if len(block) < 254:
                continue
        coded += bytes([len(block) + 1]) + block
        block = b""
    return coded + b"\0"


def unstuffed(frame):
    content, rest = b"", frame.rstrip(b"\0")
    while rest:
        length = rest[0]
        content += rest[1:length]
        rest = rest[length:]
        if rest and length < 255:
            content += b"\0"
    assert struct.unpack("<I", content[-4:])[0] == zlib.crc32(content[:-4])
    return content[:-4]


class Device(threading.Thread):
    """A device that adds 0.5 to what it is given, and tells it in f32. It loses the first of every
    kind of request."""

    def __init__(self, stream, parameters):
        super().__init__(daemon=True)
        self.stream, self.theta = stream, np.zeros(parameters, np.float32)
        self.have, self.id, self.stage, self.lost, self.kinds = 0, (0, 0), 0, set(), []
        self.start()

    def run(self):
        came = b""
        while True:
            try:
                data = self.stream.recv(4096)
            except OSError:
                return
            if not data:
                return
            came += data
            while b"\0" in came:
                frame, came = came.split(b"\0", 1)
                request = unstuffed(frame)
                self.kinds.append(request[0])
                if request[0] in self.lost:
                    self.stream.sendall(stuffed(self.answer(request)))
                self.lost.add(request[0])

    def answer(self, request):
        kind, body = request[0], request[1:]
        if kind == 1:
            who = (1, MODEL, len(self.theta), 9, *self.id, self.stage, 32)
            return b"\x81" + struct.pack("<BIIIIIBH", *who)
        if kind == 2 and self.id != struct.unpack("<II", body[:8]):
            self.id, self.have, self.stage = struct.unpack("<II", body[:8]), 0, 1
        if kind == 3:
            offset = struct.unpack("<I", body[8:12])[0]
            values = np.frombuffer(body[12:], np.float32)
            self.theta[offset : offset + len(values)] = values
            self.have = offset + len(values)
            if self.have == len(self.theta):
                self.stage = 2
        elif kind == 4 and self.stage == 2:
            self.stage = 3
        elif kind == 5:
            offset = struct.unpack("<I", body[8:12])[0]
            values = np.full(min(32, len(self.theta) - offset), 0.5, np.float32)
            head = struct.pack("<IIIBf", *self.id, offset, 0, 1.0)
            return b"\x85" + head + values.tobytes()
        elif kind == 6:
            self.stage = 4
        trained = zlib.crc32((self.theta + 0.5).tobytes()) if self.stage > 2 else 0
        metrics = struct.pack("<IIIffffII", 9, 3, 8, 1.5, 0.25, 1.0, 0.0, 20, trained)
        return b"\x84" + struct.pack("<IIBIB", *self.id, self.stage, self.have, 0) + metrics


@pytest.fixture
def device():
    ours, theirs = socket.socketpair()
    device = Device(theirs, 100)
    yield ours, device
    ours.close()
    theirs.close()


ROUND = dict(federation=7, round=1, model=MODEL, steps=20, encoding="f32")


def test_a_round_comes_through_a_stream_that_loses_frames(device):
    stream, played = device
    gateway = fleet.Gateway(stream, timeout=0.05)
    hello = gateway.hello()
    assert (hello.model, hello.parameters, hello.samples, hello.stage) == (MODEL, 100, 9, "idle")
    theta, seen = np.linspace(-1, 1, 100, dtype=np.float32), []
    update = gateway.update(theta, progress=lambda *told: seen.append(told), **ROUND)
    assert played.theta.tobytes() == theta.tobytes()
    assert update.dtype == np.float32 and (update == 0.5).all()
    assert gateway.metrics.correct_after == 8 and gateway.metrics.loss_after == 0.25
    assert gateway.metrics.hash == zlib.crc32((theta + np.float32(0.5)).tobytes())
    assert seen[-1][0] == 100 and played.stage == 3
    gateway.done()
    assert played.stage == 4


def test_a_gateway_that_is_made_anew_goes_on_where_the_device_is(device):
    stream, played = device
    theta = np.ones(100, np.float32)
    fleet.Gateway(stream, timeout=0.05).update(theta, **ROUND)
    played.kinds.clear()
    gateway = fleet.Gateway(stream, timeout=0.05)
    assert (gateway.update(theta, **ROUND) == 0.5).all()
    assert 3 not in played.kinds, "theta is not sent again"
    other = fleet.Gateway(stream, timeout=0.05)
    other.end(7, 1, gateway.metrics.hash)
    assert played.stage == 4


def test_a_device_with_another_model_is_refused(device):
    stream, _ = device
    gateway = fleet.Gateway(stream, timeout=0.05)
    with pytest.raises(fleet.Refused, match="0x12345678 with 100 parameters, which is not that"):
        gateway.update(np.ones(100, np.float32), **{**ROUND, "model": 5})


def test_settings_that_are_none_of_a_round_are_refused_before_anything_is_sent(device):
    stream, played = device
    gateway = fleet.Gateway(stream, timeout=0.05)
    theta = np.ones(100, np.float32)
    for wrong in ({"steps": 0}, {"radius": -1.0}, {"learning_rate": float("nan")}):
        with pytest.raises(ValueError, match="the round: expected"):
            gateway.update(theta, **{**ROUND, **wrong})
    theta[5] = np.nan
    with pytest.raises(ValueError, match="a finite theta"):
        gateway.update(theta, **ROUND)
    with pytest.raises(ValueError, match="encoding: expected int8 or f32"):
        gateway.update(theta, **{**ROUND, "encoding": "f16"})
    with pytest.raises(RuntimeError, match="a round whose update is here"):
        gateway.done()
    assert played.kinds == []


def test_a_silent_device_is_given_up_and_a_closed_stream_is_told():
    ours, theirs = socket.socketpair()
    with pytest.raises(TimeoutError, match="did not answer for 0.2 seconds"):
        fleet.Gateway(ours, timeout=0.05, patience=0.2).hello()
    theirs.close()
    with pytest.raises(ConnectionError):
        fleet.Gateway(ours, timeout=0.05).hello()


def test_noise_before_an_answer_is_passed_over(device):
    stream, played = device
    played.stream.sendall(b"\x05noise\0\xff\x00\x00")
    assert fleet.Gateway(stream, timeout=0.05).hello().model == MODEL


def test_updates_with_what_is_left_add_up_to_the_changes():
    start, left = np.zeros(200, np.float32), np.zeros(200, np.float32)
    random = np.random.default_rng(1)
    changes, updates = np.zeros(200), np.zeros(200)
    for _ in range(10):
        theta = random.normal(size=200).astype(np.float32)
        updates += fleet.rehearse_update(start, theta, left)
        changes += theta
    # What is left is at most half a scale, a 127th of the largest change.
    assert np.abs(updates + left - changes).max() < 1e-5
    assert np.abs(left).max() < 4 / 127
    exact = fleet.rehearse_update(start, theta, np.zeros(200, np.float32), encoding="f32")
    assert exact.tobytes() == theta.tobytes()
