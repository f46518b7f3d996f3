"""Models become what `rolling-ball import` makes of them, and faults are told."""

import importlib.resources
import importlib.util
import os
import pickle
import re
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest

import rolling_ball
from conftest import block_of


def test_a_model_says_what_it_has(models):
    model = rolling_ball.import_model(models / "digits_mlp.safetensors", models / "digits_mlp.toml")
    assert (model.name, model.shape, model.parameters) == ("digits_mlp", (64, 10), 362)
    assert model.theta.shape == (362,) and model.theta.dtype == np.float32
    start = (models / "generated/digits_mlp.theta.bin").read_bytes()
    assert model.theta.tobytes() == start
    assert ("trained parameters", "362", None) in model.report()
    frozen = (models / "generated/digits_mlp.frozen.bin").read_bytes()
    assert model.hash == zlib.crc32(struct.pack("<3I", 64, 10, 362) + frozen)


def test_features_are_those_of_the_network_that_is_compiled(models, built):
    model, network = built
    x = np.linspace(-1, 1, 128, dtype=np.float32).reshape(2, 64)
    features = model.features(x)
    assert features.shape[0] == 2
    if model.name == "digits_mlp":
        assert features.tobytes() == x.tobytes(), "without a backbone they are the inputs"
    else:
        # The last layer over the features is the whole network, up to the order of a sum.
        weights = model.theta[: -model.shape[1]].reshape(model.shape[1], -1)
        outputs = features @ weights.T + model.theta[-model.shape[1] :]
        assert np.allclose(outputs, network.outputs(model.theta, x), atol=1e-4)


def test_inspect_tells_the_places_to_cut_that_import_takes(models):
    told = rolling_ball.inspect(models / "digits_cnn.onnx")
    for cut in told["cuts"]:
        model = rolling_ball.import_model(models / "digits_cnn.onnx", train=cut["train"])
        assert model.parameters == cut["parameters"]
        assert model.inspect() == told


def test_what_was_trained_goes_back_into_the_models_file(models, tmp_path):
    model = rolling_ball.import_model(models / "digits_cnn.onnx")
    model.export(model.theta + np.float32(0.25), tmp_path / "trained.onnx")
    trained = rolling_ball.import_model(tmp_path / "trained.onnx")
    assert trained.theta.tobytes() == (model.theta + np.float32(0.25)).tobytes()


def test_a_file_that_is_no_model_is_refused_by_its_name(models, tmp_path):
    with pytest.raises(ValueError, match="no_such_file"):
        rolling_ball.import_model(tmp_path / "no_such_file.onnx")
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(ValueError, match="text.onnx"):
        rolling_ball.import_model(tmp_path / "text.onnx")
    with pytest.raises(ValueError, match="the description says what is trained"):
        rolling_ball.import_model(
            models / "digits_mlp.safetensors", models / "digits_mlp.toml", train="all"
        )


def test_a_network_is_pickled_by_the_path_of_its_library(built):
    _, network = built
    other = pickle.loads(pickle.dumps(network))
    assert (other.path, other.hash, other.name) == (network.path, network.hash, network.name)


def test_a_library_is_found_from_the_folder_it_lies_in(built, monkeypatch):
    _, network = built
    monkeypatch.chdir(network.path.parent)
    assert rolling_ball.Network(network.path.name).path == network.path


def test_what_is_no_networks_library_is_a_build_error_that_says_why(tmp_path):
    (tmp_path / "library.so").write_text("no library")
    for name in ("library.so", "absent.so"):
        # What the system's loader says comes after the path.
        with pytest.raises(rolling_ball.BuildError, match=rf"{name}: .+: .*{name}"):
            rolling_ball.Network(tmp_path / name)
    other = importlib.util.find_spec("rolling_ball._native").origin
    with pytest.raises(rolling_ball.BuildError, match="as Model.build makes it"):
        rolling_ball.Network(other)


def test_without_cargo_the_error_says_how_to_get_it(models, tmp_path, monkeypatch):
    model = rolling_ball.import_model(models / "digits_mlp.safetensors", models / "digits_mlp.toml")
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CARGO", raising=False)
    with pytest.raises(rolling_ball.BuildError, match="https://rustup.rs"):
        model.build(str(models.parent), cache=tmp_path)


def test_a_source_that_is_none_is_refused_with_what_was_expected(models, tmp_path):
    model = rolling_ball.import_model(models / "digits_mlp.safetensors", models / "digits_mlp.toml")
    with pytest.raises(ValueError, match="source: .* expected a version"):
        model.build(str(tmp_path))


def test_the_command_is_that_of_the_repository(models):
    def ran(*arguments):
        command = [sys.executable, "-m", "rolling_ball", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    helped = ran("--help")
    assert helped.returncode == 0
    assert all(word in helped.stdout for word in ("inspect", "import", "new", "export"))
    assert ran("inspect", models / "digits_cnn.onnx").returncode == 0
    wrong = ran("inspect", "no_such_file.onnx")
    assert wrong.returncode == 1 and "no_such_file.onnx" in wrong.stderr


@pytest.mark.parametrize(
    "document, block, folder, said",
    [
        ("crates/python/README.md", 0, "models", ["Accuracy(", "0x"]),
        ("docs/python.md", 0, ".", ["Accuracy(", "0x"]),
        ("docs/python.md", 1, ".", ["Report(99:"]),
    ],
)
def test_what_the_documents_show_runs_as_it_stands(
    models, cargo, tmp_path_factory, monkeypatch, capsys, document, block, folder, said
):
    code = block_of(models.parent / document, block)
    monkeypatch.chdir(models.parent / folder)
    if "ROLLING_BALL_CACHE" not in os.environ:
        monkeypatch.setenv("ROLLING_BALL_CACHE", str(tmp_path_factory.getbasetemp() / "networks"))
    exec(compile(code, document, "exec"), {})
    told = capsys.readouterr().out
    assert all(word in told for word in said), told


def test_the_command_leaves_interruptions_to_the_system():
    # Python would only note them until the command has ended.
    said = "import signal, rolling_ball.__main__ as it; it.main(); print(signal.getsignal(2) == 0)"
    command = [sys.executable, "-c", said, "inspect", "no_such_file.onnx"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "no_such_file.onnx" in ran.stderr and ran.stdout == "True\n"


def test_every_name_has_documentation_and_a_type():
    stub = (importlib.resources.files("rolling_ball") / "_native.pyi").read_text()
    for name in rolling_ball.__all__:
        if name == "__version__":
            continue
        value = getattr(rolling_ball, name)
        assert value.__doc__, name
        assert re.search(rf"(class|def) {name}\b", stub), name
        if isinstance(value, type):
            for member in (m for m in vars(value) if not m.startswith("_")):
                assert re.search(rf"def {member}\b", stub), f"{name}.{member}"
                if callable(getattr(value, member)):
                    assert getattr(value, member).__doc__, f"{name}.{member}"
