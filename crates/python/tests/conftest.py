"""What the tests share: the repository that they lie in, its models, and the same runs in Rust."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import rolling_ball

REPOSITORY = Path(__file__).resolve().parents[3]
MODELS = REPOSITORY / "models"


@pytest.fixture(scope="session")
def models():
    return MODELS


def block_of(document, index):
    """The Python code of a document: of its blocks the one with this index."""
    return document.read_text().split("```python\n")[index + 1].split("```")[0]


def imported(name):
    """The model `name` as the repository has it, `digits_cnn` with its backbone in int8."""
    int8 = MODELS / "digits_calibration.safetensors" if name == "digits_cnn" else None
    return rolling_ball.import_model(
        MODELS / f"{name}.safetensors", MODELS / f"{name}.toml", int8=int8
    )


@pytest.fixture(scope="session")
def cargo():
    """Cargo, without which networks are not compiled."""
    if shutil.which("cargo") is None:
        pytest.skip("there is no cargo on this machine, so no network is compiled")
    return os.environ.get("CARGO", "cargo")


@pytest.fixture(scope="session", params=["digits_mlp", "digits_cnn"])
def built(request, cargo, tmp_path_factory):
    """A model of the repository, and its network."""
    model = imported(request.param)
    cache = os.environ.get("ROLLING_BALL_CACHE") or tmp_path_factory.getbasetemp() / "networks"
    return model, model.build(str(REPOSITORY), cache=cache, quiet=True)


@pytest.fixture(scope="session")
def network(cargo, tmp_path_factory):
    """The network of `digits_mlp`."""
    cache = os.environ.get("ROLLING_BALL_CACHE") or tmp_path_factory.getbasetemp() / "networks"
    return imported("digits_mlp").build(str(REPOSITORY), cache=cache, quiet=True)


@pytest.fixture(scope="session")
def hashes(cargo):
    """The runs of `crates/rehearsal/examples/hashes.rs`: by their names, the hashes of theta after
    every step."""
    # As the tests of the crate are built, which build its examples too.
    command = [cargo, "run", "--profile", "test", "--quiet", "--locked"]
    command += ["-p", "rolling-ball-rehearsal", "--features", "shared-library"]
    command += ["--example", "hashes"]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    lines = (line.split(": ") for line in ran.stdout.splitlines())
    return {name: [int(number) for number in numbers.split()] for name, numbers in lines}


@pytest.fixture(scope="session")
def samples():
    """The samples of `hashes.rs`: x, y, scale and offset."""

    def scattered(index):
        return (index * 2654435761 % 2**32 >> 24).astype(np.uint8)

    y = np.arange(40) * 7 % 10
    columns = np.arange(64, dtype=np.uint64)
    pattern = scattered(y[:, None].astype(np.uint64) * 64 + columns)
    noise = scattered(np.arange(40, dtype=np.uint64)[:, None] * 64 + 999983 + columns)
    return pattern & 0xE0 | noise & 0x1F, y, 0.0078125, -1.0
