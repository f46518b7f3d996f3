"""Trains a perceptron and a small CNN of torch on 8x8 digits, with the optimizers of this package
beside torch's own SGD and a SAM over it, and prints a table.

    python examples/torch_digits.py [--seeds 2] [--epochs 15]

Each optimizer has the same budget of gradients, and the best of the learning rates 0.03, 0.1, 0.3
and 1 by its own training loss; the rest of its settings is as it comes.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

import rolling_ball
from rolling_ball.torch import Optimizer, RollingBall

DIGITS = Path(__file__).resolve().parents[3] / "data/digits/digits.bin"
RATES = (0.03, 0.1, 0.3, 1.0)


def digits():
    """Images, float32 [1797, 1, 8, 8] from 0 to 1, and their labels."""
    records = np.frombuffer(DIGITS.read_bytes(), np.uint8).reshape(-1, 41)
    rows = records[:, 1:].reshape(-1, 8, 5).astype(np.uint64) << np.arange(5, dtype=np.uint64) * 8
    rows = rows.sum(2, dtype=np.uint64)
    pixels = rows[:, :, None] >> np.arange(8, dtype=np.uint64) * 5 & 31
    images = torch.from_numpy((pixels / 16).astype(np.float32))[:, None]
    return images, torch.from_numpy(records[:, 0].astype(np.int64))


def perceptron():
    return torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)
    )


def cnn():
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(8, 16, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(64, 10),
    )


class TorchSam:
    """Sharpness-aware minimisation over torch's own SGD, as its paper has it."""

    def __init__(self, parameters, lr, radius=0.05):
        self.parameters = list(parameters)
        self.radius = radius
        self.sgd = torch.optim.SGD(self.parameters, lr=lr)

    def zero_grad(self):
        self.sgd.zero_grad()

    def step(self, closure):
        loss = closure()
        with torch.no_grad():
            norm = sum(p.grad.square().sum() for p in self.parameters).sqrt()
            moves = [self.radius / (norm + 1e-12) * p.grad for p in self.parameters]
            for parameter, move in zip(self.parameters, moves):
                parameter.add_(move)
        closure()
        with torch.no_grad():
            for parameter, move in zip(self.parameters, moves):
                parameter.sub_(move)
        self.sgd.step()
        return loss


def plain(kind, **settings):
    return lambda parameters, lr: Optimizer(
        parameters, kind, lr=lr, roll_back=False, **settings
    )


# Its name, how it is made, and how many gradients a step asks for.
OPTIMIZERS = [
    ("torch SGD", lambda parameters, lr: torch.optim.SGD(parameters, lr=lr), 1),
    ("SAM over torch SGD", TorchSam, 2),
    ("rolling ball", lambda parameters, lr: RollingBall(parameters, lr=lr), 1),
    ("our SGD", plain(rolling_ball.Sgd), 1),
    ("our SAM", plain(rolling_ball.Sam), 2),
]


def train(make_module, make, gradients, rate, seed, epochs, images, labels):
    """Trains on 1,200 digits; returns the module, its training loss, and the seconds."""
    torch.manual_seed(seed)
    module = make_module()
    optimizer = make(module.parameters(), rate)
    criterion, begun = torch.nn.CrossEntropyLoss(), time.perf_counter()
    for step in range(epochs * len(images) // 32 // gradients):
        batch = torch.randint(len(images), (32,))

        def closure():
            optimizer.zero_grad()
            loss = criterion(module(images[batch]), labels[batch])
            loss.backward()
            return loss

        try:
            optimizer.step(closure)
        except FloatingPointError:
            break
    with torch.no_grad():
        loss = criterion(module(images), labels).item()
    return module, loss if np.isfinite(loss) else np.inf, time.perf_counter() - begun


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=2, help="how many trainings are averaged")
    parser.add_argument("--epochs", type=int, default=15, help="gradients, in passes over the data")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    images, labels = digits()
    learn, held_out = slice(0, 1200), slice(1200, None)
    print("| network | optimizer | rate | training loss | held-out digits | seconds |")
    print("|---|---|---|---|---|---|")
    for network, make_module in [("perceptron", perceptron), ("CNN", cnn)]:
        for name, make, gradients in OPTIMIZERS:

            def runs(rate):
                return [
                    train(
                        make_module,
                        make,
                        gradients,
                        rate,
                        seed,
                        arguments.epochs,
                        images[learn],
                        labels[learn],
                    )
                    for seed in range(arguments.seeds)
                ]

            tried = {rate: runs(rate) for rate in RATES}
            rate = min(RATES, key=lambda rate: np.mean([loss for _, loss, _ in tried[rate]]))
            right = []
            for module, _, _ in tried[rate]:
                with torch.no_grad():
                    found = module(images[held_out]).argmax(1)
                right.append((found == labels[held_out]).double().mean().item())
            loss = np.mean([loss for _, loss, _ in tried[rate]])
            seconds = np.mean([seconds for _, _, seconds in tried[rate]])
            accuracy = f"{100 * np.mean(right):.1f} %"
            print(f"| {network} | {name} | {rate} | {loss:.4f} | {accuracy} | {seconds:.1f} |")


if __name__ == "__main__":
    main()
