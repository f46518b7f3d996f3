#!/usr/bin/env python3
"""Export small networks of one operator each as ONNX, with PyTorch's outputs, for the tests of import.

Writes into `operators` beside itself, with PyTorch 1.13 (`python3-torch` of Debian 12) and
`pip install safetensors==0.8.0`:

    NAME.onnx                    the network, untrained
    NAME.expected.safetensors    two `inputs`, and PyTorch's `outputs` for them, a sample each

Seeds are fixed and one thread is used: the same version writes the same files.
"""

from pathlib import Path

import torch
from safetensors.numpy import save_file
from torch import nn
from torch.nn import functional

HERE = Path(__file__).parent
SAMPLES, OPSET = 2, 17


class Of(nn.Module):
    """A network that is a function of its input, of which some are modules."""

    def __init__(self, function, *modules):
        super().__init__()
        self.function = function
        self.parts = nn.ModuleList(modules)

    def forward(self, x):
        return self.function(x, *self.parts)


class Affine(nn.Module):
    """A layer norm or batch norm whose parameters are not those that it begins with."""

    def __init__(self, norm):
        super().__init__()
        self.norm = norm
        with torch.no_grad():
            for parameter in norm.parameters():
                parameter.uniform_(0.5, 1.5)
            for name, buffer in norm.named_buffers():
                if name != "num_batches_tracked":
                    buffer.uniform_(0.5, 1.5)

    def forward(self, x):
        return self.norm(x)


def residual(x, first, second, shortcut):
    return torch.relu(second(torch.relu(first(x))) + shortcut(x))


def by_position(x, dense):
    return dense(x.transpose(1, 2)).transpose(1, 2)


IMAGE, SIGNAL, VECTOR = (4, 7, 6), (4, 11), (12,)
CASES = {
    # Convolutions.
    "dilated": (IMAGE, lambda: nn.Conv2d(4, 3, 3, padding=2, dilation=2)),
    "grouped": (IMAGE, lambda: nn.Conv2d(4, 6, 3, groups=2)),
    "depthwise_two_filters": (IMAGE, lambda: nn.Conv2d(4, 8, 3, padding=1, groups=4)),
    "conv1d_dilated": (SIGNAL, lambda: nn.Conv1d(4, 3, 3, dilation=2, padding=2)),
    "depthwise_1d": (SIGNAL, lambda: nn.Conv1d(4, 4, 5, padding=2, groups=4, bias=False)),
    "asymmetric_padding": (
        IMAGE,
        lambda: nn.Sequential(nn.ZeroPad2d((0, 1, 1, 2)), nn.Conv2d(4, 3, 3, stride=2)),
    ),
    # Activations.
    "silu": (VECTOR, nn.SiLU),
    "hardswish": (VECTOR, nn.Hardswish),
    "hardswish_by_hand": (VECTOR, lambda: Of(lambda x: x * functional.relu6(x + 3) / 6)),
    "hardsigmoid": (VECTOR, nn.Hardsigmoid),
    "gelu": (VECTOR, nn.GELU),
    "gelu_tanh": (VECTOR, lambda: nn.GELU(approximate="tanh")),
    "prelu": (VECTOR, nn.PReLU),
    "prelu_by_channel": (IMAGE, lambda: nn.PReLU(4)),
    "elu": (VECTOR, lambda: nn.ELU(0.75)),
    "selu": (VECTOR, nn.SELU),
    "leaky_relu": (VECTOR, lambda: nn.LeakyReLU(0.2)),
    "relu6": (VECTOR, nn.ReLU6),
    "tanh": (VECTOR, nn.Tanh),
    "softmax": (VECTOR, lambda: nn.Softmax(dim=1)),
    "log_softmax": (VECTOR, lambda: nn.LogSoftmax(dim=1)),
    # Normalisations.
    "layer_norm": (VECTOR, lambda: Affine(nn.LayerNorm(12, eps=1e-3))),
    "layer_norm_by_position": (
        SIGNAL,
        lambda: Of(by_position, Affine(nn.LayerNorm(4))),
    ),
    # Before version 17 of the operators, layer norms are exported in parts.
    "layer_norm_in_parts": (VECTOR, lambda: Affine(nn.LayerNorm(12)), 16),
    "layer_norm_without_affine": (VECTOR, lambda: nn.LayerNorm(12, elementwise_affine=False), 16),
    "batch_norm": (
        IMAGE,
        lambda: nn.Sequential(nn.ReLU(), Affine(nn.BatchNorm2d(4, eps=1e-3))),
    ),
    "batch_norm_without_affine": (
        IMAGE,
        lambda: nn.Sequential(nn.ReLU(), Affine(nn.BatchNorm2d(4, affine=False))),
    ),
    "instance_norm": (IMAGE, lambda: Affine(nn.InstanceNorm2d(4, affine=True))),
    # Pools.
    "max_pool_ceil": (IMAGE, lambda: nn.MaxPool2d(3, stride=2, ceil_mode=True)),
    "max_pool_padded": (IMAGE, lambda: nn.MaxPool2d(3, stride=2, padding=1)),
    "average_pool_ceil": (IMAGE, lambda: nn.AvgPool2d(3, stride=2, ceil_mode=True)),
    "average_pool_counts_padding": (IMAGE, lambda: nn.AvgPool2d(3, stride=2, padding=1)),
    "average_pool_without_padding": (
        IMAGE,
        lambda: nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False),
    ),
    "average_pool_1d": (SIGNAL, lambda: nn.AvgPool1d(3, stride=2, padding=1)),
    "global_average_pool": (IMAGE, lambda: nn.AdaptiveAvgPool2d(1)),
    "mean_over_positions": (IMAGE, lambda: Of(lambda x: x.mean(dim=(2, 3)))),
    # Graphs.
    "concat": (
        IMAGE,
        lambda: Of(
            lambda x, left, right: torch.cat([left(x), right(x), x], dim=1),
            nn.Conv2d(4, 3, 1),
            nn.Conv2d(4, 2, 3, padding=1),
        ),
    ),
    "residual": (
        IMAGE,
        lambda: Of(
            residual,
            nn.Conv2d(4, 6, 3, stride=2, padding=1),
            nn.Conv2d(6, 6, 3, padding=1),
            nn.Conv2d(4, 6, 1, stride=2),
        ),
    ),
    "split": (IMAGE, lambda: Of(lambda x: (lambda l, r: l * r)(*x.chunk(2, dim=1)))),
    "shuffled": (
        IMAGE,
        lambda: Of(lambda x: x.view(x.size(0), 2, 2, 7, 6).transpose(1, 2).reshape(x.shape)),
    ),
    "dense_by_position": (SIGNAL, lambda: Of(by_position, nn.Linear(4, 3))),
    "flattened_by_size": (IMAGE, lambda: Of(lambda x, dense: dense(x.view(x.size(0), -1)), nn.Linear(168, 3))),
    "dropout": (VECTOR, lambda: nn.Sequential(nn.Linear(12, 5), nn.Dropout(0.5), nn.ReLU())),
}


def export(name, shape, make, opset=OPSET):
    torch.manual_seed(name.encode()[0] + 256 * len(name))
    network = make().eval()
    inputs = torch.randn(SAMPLES, *shape)
    with torch.no_grad():
        outputs = network(inputs)
    folder = HERE / "operators"
    folder.mkdir(exist_ok=True)
    torch.onnx.export(
        network,
        inputs[:1],
        folder / f"{name}.onnx",
        opset_version=opset,
        input_names=["input"],
        output_names=["output"],
        dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}},
    )
    tensors = {"inputs": inputs.numpy(), "outputs": outputs.contiguous().numpy()}
    save_file(tensors, folder / f"{name}.expected.safetensors")


def main():
    torch.set_num_threads(1)
    for name, case in CASES.items():
        export(name, *case)


if __name__ == "__main__":
    main()
