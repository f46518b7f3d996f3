#!/usr/bin/env python3
"""Train the committed models on the clean digits, and export what import and its tests read.

Writes beside itself, with `pip install torch==2.15.0 safetensors==0.8.0`:

    digits_cnn.safetensors, digits_mlp.safetensors    the weights, as PyTorch names and shapes them
    digits_calibration.safetensors                    200 training images, without labels
    digits_test.safetensors                           the 597 held-out images, with labels
    image_layers.safetensors, signal_layers.safetensors
                                                      untrained networks of every layer that import knows
    NAME_expected.safetensors                         inputs, and PyTorch's outputs for them

Images are bytes that stand for `byte * scale + offset`, as the firmware's sensor reads them. Seeds are fixed and one
thread is used: the same versions write the same files.
"""

import sys
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "data" / "digits"))
from pack import unpack  # noqa: E402

TRAINING, CALIBRATION, EXPECTED = 1200, 200, 16
BYTE, SCALE, OFFSET = 15, 1 / 240, -0.3
EPOCHS, BATCH, LEARNING_RATE, WEIGHT_DECAY = 60, 32, 0.003, 1e-4

MODELS = {
    "digits_cnn": lambda: nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 8, 3, padding=1),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(8, 16, 3, padding=1),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            classifier=nn.Linear(64, 10),
        )
    ),
    "digits_mlp": lambda: nn.Sequential(
        OrderedDict(
            flatten=nn.Flatten(),
            hidden=nn.Linear(64, 32),
            relu=nn.ReLU(),
            classifier=nn.Linear(32, 10),
        )
    ),
}


UNTRAINED = {
    "image_layers": (
        (3, 9, 7),
        lambda: nn.Sequential(
            nn.Conv2d(3, 6, (3, 2), stride=(2, 1), padding=(2, 1), bias=False),
            nn.BatchNorm2d(6),
            nn.ReLU6(),
            nn.MaxPool2d(3, stride=1, padding=1),
            nn.Conv2d(6, 6, 3, padding=1, groups=6),
            nn.BatchNorm2d(6),
            nn.ReLU(),
            nn.AvgPool2d(2, padding=1),
            nn.Conv2d(6, 5, 1),
            nn.LayerNorm((5, 4, 5)),
            nn.GELU(),
            nn.Flatten(),
            nn.Linear(100, 7),
            nn.Tanh(),
            nn.LayerNorm(7),
            nn.Linear(7, 6),
            nn.LeakyReLU(0.2),
            nn.Linear(6, 4),
            nn.Sigmoid(),
        ),
    ),
    "signal_layers": (
        (4, 20),
        lambda: nn.Sequential(
            nn.Conv1d(4, 6, 3, stride=2, padding=1),
            nn.BatchNorm1d(6),
            nn.ReLU(),
            nn.MaxPool1d(2),
            nn.Conv1d(6, 8, 3),
            nn.ReLU(),
            nn.LayerNorm((8, 3)),
            nn.AdaptiveAvgPool1d(1),
            nn.Flatten(),
            nn.Linear(8, 5),
        ),
    ),
}


def randomised(model):
    """Give normalisations something to do."""
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.uniform_(module.bias, -1, 1)
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.2, 2)
        if isinstance(module, nn.LayerNorm):
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.uniform_(module.bias, -1, 1)
    return model.eval()


def export(name, model, inputs):
    save_file(model.state_dict(), HERE / f"{name}.safetensors")
    with torch.no_grad():
        expected = {"inputs": inputs.clone(), "outputs": model(inputs)}
    save_file(expected, HERE / f"{name}_expected.safetensors")


def train(model, images, labels):
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(images)).split(BATCH):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images[batch]), labels[batch]).backward()
            optimizer.step()
        schedule.step()


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    packed = (HERE.parent / "data" / "digits" / "digits.bin").read_bytes()
    pixels, labels = map(torch.tensor, unpack(packed))
    pixels = (pixels * BYTE).to(torch.uint8).unsqueeze(1)
    scale, offset = torch.tensor([SCALE]), torch.tensor([OFFSET])
    images = pixels.float() * scale + offset
    normalisation = {"scale": scale, "offset": offset}

    calibration = {"inputs": pixels[:CALIBRATION].clone(), **normalisation}
    save_file(calibration, HERE / "digits_calibration.safetensors")
    test = {"inputs": pixels[TRAINING:].clone(), "labels": labels[TRAINING:].to(torch.uint8)}
    save_file({**test, **normalisation}, HERE / "digits_test.safetensors")

    for name, build in MODELS.items():
        torch.manual_seed(1)
        model = build()
        train(model, images[:TRAINING], labels[:TRAINING])
        with torch.no_grad():
            outputs = model(images[TRAINING:])
        right = (outputs.argmax(1) == labels[TRAINING:]).sum().item()
        count = sum(parameter.numel() for parameter in model.parameters())
        print(f"{name}: {count} parameters, {right} of {len(outputs)} held-out digits")
        export(name, model, images[TRAINING : TRAINING + EXPECTED])

    for name, (shape, build) in UNTRAINED.items():
        torch.manual_seed(2)
        export(name, randomised(build()), torch.randn(EXPECTED, *shape))


if __name__ == "__main__":
    main()
