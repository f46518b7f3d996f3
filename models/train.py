#!/usr/bin/env python3
"""Train the committed models on the clean digits, and export what import and its tests read.

Writes beside itself, with `pip install torch==2.15.0 safetensors==0.8.0`:

    digits_cnn.safetensors, digits_mlp.safetensors    the weights, as PyTorch names and shapes them
    digits_calibration.safetensors                    200 training images, without labels
    digits_test.safetensors                           the 597 held-out images, with labels
    digits_logits.safetensors                         each model's logits of the first 32 of those

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

TRAINING, CALIBRATION, LOGITS = 1200, 200, 32
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

    logits = {}
    for name, build in MODELS.items():
        torch.manual_seed(1)
        model = build()
        train(model, images[:TRAINING], labels[:TRAINING])
        with torch.no_grad():
            outputs = model(images[TRAINING:])
        right = (outputs.argmax(1) == labels[TRAINING:]).sum().item()
        count = sum(parameter.numel() for parameter in model.parameters())
        print(f"{name}: {count} parameters, {right} of {len(outputs)} held-out digits")
        save_file(model.state_dict(), HERE / f"{name}.safetensors")
        logits[name] = outputs[:LOGITS].clone()
    save_file(logits, HERE / "digits_logits.safetensors")


if __name__ == "__main__":
    main()
