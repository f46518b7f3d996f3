"""Writes vectors.json: what PyTorch makes of every layer, every loss and a small network, and all gradients.

    pip install torch
    python tests/networks/pytorch/generate.py

The numbers that go in are float32 values; PyTorch computes with them in float64, so that what comes out is exact
beside the rounding of the float32 that it is compared with. Everything is written in the order of rolling-ball: `ours`
is the only place where the two differ.
"""

import json
import pathlib

import torch
from torch import nn

torch.manual_seed(2025)


def ours(tensor, depthwise=False):
    """Channels last, and weights filter by filter in the window's order: row, column, channel. Of a depthwise
    convolution row, column, channel."""
    if tensor.dim() == 4:
        tensor = tensor.permute(2, 3, 0, 1) if depthwise else tensor.permute(0, 2, 3, 1)
    if tensor.dim() == 3:
        tensor = tensor.permute(0, 2, 1)
    return [float(f"{value:.9g}") for value in tensor.flatten().tolist()]


def uniform(*shape, spread=1.0):
    """Values within `spread` that a float32 can hold."""
    return ((torch.rand(*shape) * 2 - 1) * spread).float().double()


def parameters(module):
    """With random values, each marked as depthwise or not."""
    found = []
    for part in module.modules():
        depthwise = isinstance(part, nn.Conv2d) and part.groups > 1
        for parameter in part.parameters(recurse=False):
            parameter.data = uniform(*parameter.shape)
            found.append((parameter, depthwise))
    return found


def joined(tensors):
    return [value for tensor, depthwise in tensors for value in ours(tensor, depthwise)]


def layer(module, given):
    """One sample forward, and backward from a random gradient."""
    theta = parameters(module)
    given.requires_grad_(True)
    output = module(given)
    slopes = uniform(*output.shape)
    output.backward(slopes)
    return {
        "theta": joined(theta),
        "input": ours(given.detach()),
        "slopes": ours(slopes),
        "output": ours(output.detach()),
        "gradient": joined((tensor.grad, depthwise) for tensor, depthwise in theta),
        "input_gradient": ours(given.grad),
    }


class Residual(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return x + self.inner(x)


class ByPosition(nn.Module):
    """LayerNorm over the channels of a map."""

    def __init__(self, channels):
        super().__init__()
        self.inner = nn.LayerNorm(channels)

    def forward(self, x):
        return self.inner(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def halves(*shape):
    """Few different values, so that some of the largest in a window are equal."""
    return (uniform(*shape, spread=4.0)).round() / 2


def layers():
    image = lambda *shape: uniform(1, *shape)
    return {
        "dense": layer(nn.Linear(7, 4), uniform(1, 7)),
        "conv2d": layer(nn.Conv2d(2, 3, (3, 3)), image(2, 5, 6)),
        "conv2d, stride 2 1, padding 1 2": layer(
            nn.Conv2d(3, 2, (3, 4), stride=(2, 1), padding=(1, 2)), image(3, 5, 4)
        ),
        "conv1d, stride 2, padding 2": layer(nn.Conv1d(3, 4, 5, stride=2, padding=2), image(3, 11)),
        "depthwise, padding 1": layer(nn.Conv2d(4, 4, 3, padding=1, groups=4), image(4, 4, 5)),
        "depthwise, stride 2 1": layer(nn.Conv2d(3, 3, (2, 3), stride=(2, 1), groups=3), image(3, 5, 4)),
        "max pool": layer(nn.MaxPool2d(2), halves(1, 3, 5, 6)),
        "max pool, overlapping, padding 1": layer(nn.MaxPool2d(3, stride=1, padding=1), halves(1, 2, 4, 5)),
        "average pool": layer(nn.AvgPool2d(2), image(3, 5, 6)),
        "average pool, overlapping, padding 1": layer(nn.AvgPool2d(3, stride=2, padding=1), image(2, 5, 4)),
        "global average pool": layer(nn.AdaptiveAvgPool2d(1), image(5, 3, 4)),
        "layer norm": layer(nn.LayerNorm(13), uniform(1, 13, spread=3.0)),
        "layer norm by position": layer(ByPosition(5), image(5, 2, 3)),
        "residual": layer(Residual(nn.Sequential(nn.Linear(6, 6), nn.ReLU())), uniform(1, 6)),
        "relu": layer(nn.ReLU(), uniform(1, 24, spread=9.0)),
        "relu6": layer(nn.ReLU6(), uniform(1, 24, spread=9.0)),
        "leaky relu": layer(nn.LeakyReLU(), uniform(1, 24, spread=9.0)),
        "leaky relu, 1 / 5": layer(nn.LeakyReLU(0.2), uniform(1, 24, spread=9.0)),
        "tanh": layer(nn.Tanh(), uniform(1, 24, spread=5.0)),
        "sigmoid": layer(nn.Sigmoid(), uniform(1, 24, spread=9.0)),
        "gelu": layer(nn.GELU(), uniform(1, 24, spread=5.0)),
    }


def loss(function, outputs, targets):
    """The mean over a batch, and the gradient with respect to every output."""
    outputs.requires_grad_(True)
    value = function(outputs, targets)
    value.backward()
    written = "classes" if targets.dtype == torch.long else "targets"
    return {
        "outputs": outputs.tolist(),
        written: targets.tolist(),
        "loss": value.item(),
        "gradients": [ours(row) for row in outputs.grad],
    }


CLASS_WEIGHTS = torch.tensor([0.5, 2.0, 1.25, 3.5]).double()


def losses():
    classes = torch.tensor([2, 0, 3, 1, 1])
    logits = lambda: uniform(5, 4, spread=8.0)
    numbers = lambda: uniform(5, 4, spread=3.0)
    probabilities = (uniform(5, 4) + 1) / 2
    return {
        "cross entropy": loss(nn.CrossEntropyLoss(), logits(), classes),
        "cross entropy, class weights": loss(nn.CrossEntropyLoss(CLASS_WEIGHTS), logits(), classes),
        "cross entropy, smoothing 0.125": loss(nn.CrossEntropyLoss(label_smoothing=0.125), logits(), classes),
        "cross entropy, class weights, smoothing 0.125": loss(
            nn.CrossEntropyLoss(CLASS_WEIGHTS, label_smoothing=0.125), logits(), classes
        ),
        "binary cross entropy": loss(nn.BCEWithLogitsLoss(), uniform(5, 4, spread=20.0), probabilities),
        "huber, delta 0.75": loss(nn.HuberLoss(delta=0.75), numbers(), numbers()),
        "mean squared error": loss(nn.MSELoss(), numbers(), numbers()),
    }


def network():
    """Convolution, rectifier, pool, depthwise convolution, global pool, fully connected: a batch of three."""
    module = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 4, 3, padding=1, groups=4),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 3),
    )
    theta = parameters(module)
    inputs, classes = uniform(3, 1, 8, 8), torch.tensor([2, 0, 1])
    value = nn.CrossEntropyLoss()(module(inputs), classes)
    value.backward()
    return {
        "theta": joined(theta),
        "inputs": [ours(given[None]) for given in inputs],
        "classes": classes.tolist(),
        "loss": value.item(),
        "gradient": joined((tensor.grad, depthwise) for tensor, depthwise in theta),
    }


def main():
    torch.set_default_dtype(torch.float64)
    vectors = {"layers": layers(), "losses": losses(), "network": network()}
    path = pathlib.Path(__file__).with_name("vectors.json")
    path.write_text(json.dumps(vectors, separators=(",", ":")).replace('},"', '},\n"') + "\n")
    print(f"{path}: {path.stat().st_size} bytes, by PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
