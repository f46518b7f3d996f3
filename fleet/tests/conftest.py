"""What the tests share: a data set of six speakers, and a network of plain numpy."""

import zlib
from types import SimpleNamespace

import numpy as np
import pytest

INPUTS, CLASSES, RECORDINGS = 8, 10, 20


class LinearNetwork:
    """Softmax regression with the interface of `rolling_ball.Network`, for the app's own logic: the
    bits of real networks are compared by `cargo xtask fleet`."""

    parameters = CLASSES * (INPUTS + 1)
    hash = 7

    def __init__(self):
        self.theta = np.zeros(self.parameters, np.float32)

    def outputs(self, theta, x, *, scale, offset):
        weights = theta.reshape(CLASSES, INPUTS + 1)
        return (x * np.float32(scale) + np.float32(offset)) @ weights[:, :-1].T + weights[:, -1]

    def train(self, theta, x, y, *, scale, offset, steps, learning_rate, **_):
        trained = theta.copy()
        for _ in range(steps):
            z = self.outputs(trained, x, scale=scale, offset=offset)
            q = np.exp(z - z.max(1, keepdims=True))
            q /= q.sum(1, keepdims=True)
            q[np.arange(len(y)), y] -= 1
            inputs = np.hstack([x * scale + offset, np.ones((len(x), 1))])
            gradient = (q.T @ inputs).ravel() / len(y)
            trained -= np.float32(learning_rate) * gradient.astype(np.float32)
        before, after = (
            int((self.outputs(t, x, scale=scale, offset=offset).argmax(1) == y).sum())
            for t in (theta, trained)
        )
        return SimpleNamespace(
            theta=trained, samples=len(y), correct_before=before, correct_after=after,
            loss_before=1.0, loss_after=0.5, kept=1.0, wrong_labels=0.0, steps=steps,
            hash=zlib.crc32(trained.tobytes()),
        )


@pytest.fixture
def data(tmp_path):
    """A folder with a data set: each class is a direction, each speaker leans another way."""
    random = np.random.default_rng(5)
    directions = random.normal(size=(CLASSES, INPUTS))
    y, groups = (part.ravel() for part in np.meshgrid(range(CLASSES), range(6), indexing="ij"))
    y, groups = np.repeat(y, RECORDINGS), np.repeat(groups, RECORDINGS)
    leaning = random.normal(size=(6, INPUTS))
    x = 128 + 40 * directions[y] + 15 * leaning[groups] + 12 * random.normal(size=(len(y), INPUTS))
    folder = tmp_path / "data"
    folder.mkdir()
    for part, values in [("x", np.clip(x, 0, 255)), ("y", y), ("speaker", groups)]:
        values.astype(np.uint8).tofile(folder / f"made.{part}.u8.bin")
    return folder


@pytest.fixture
def config(data, tmp_path, monkeypatch):
    """The configuration of a small federation of the network of plain numpy."""
    from rolling_ball_fleet import client_app, device, server_app
    from rolling_ball_fleet.settings import defaults

    network = LinearNetwork()
    for module in (client_app, server_app, device):
        monkeypatch.setattr(module, "network", lambda _: network)
    client_app.partition_of.cache_clear()
    return {
        **defaults(), "data": str(data), "state": str(tmp_path / "state"), "devices": 12,
        "rounds": 3, "steps": 5, "learning-rate": 0.5, "scale": 1 / 64, "offset": -2.0,
        "minimum-nodes": 1,
    }
