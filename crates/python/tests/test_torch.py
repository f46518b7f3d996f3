"""Modules of torch train with the optimizers. Skipped where torch is not installed."""

import copy
import subprocess
import sys

import numpy as np
import pytest

import rolling_ball

torch = pytest.importorskip("torch", reason="torch is not installed")

from conftest import block_of  # noqa: E402
from rolling_ball.torch import Optimizer, RollingBall, export, firmware  # noqa: E402


def mlp():
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4))


def cnn():
    torch.manual_seed(2)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(64, 10),
    )


def task(shape, classes):
    torch.manual_seed(3)
    centres = torch.randn(classes, *shape)
    y = torch.arange(80) % classes
    return centres[y] + 0.3 * torch.randn(80, *shape), y


def closure_of(module, optimizer, x, y):
    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(module(x), y)
        loss.backward()
        return loss

    return closure


@pytest.mark.parametrize("make, shape, classes", [(mlp, (8,), 4), (cnn, (1, 8, 8), 10)])
def test_a_module_learns_with_the_ball(make, shape, classes):
    module, (x, y) = make(), task(shape, classes)
    optimizer = RollingBall(module.parameters(), lr=1.0, radius=0.03, steps=60)
    losses = [optimizer.step(closure_of(module, optimizer, x, y)) for _ in range(60)]
    assert losses[-1] < 0.2 * losses[0]
    assert optimizer.report.step == 59


def test_sgd_has_the_steps_of_torch_up_to_rounding():
    x, y = task((8,), 4)
    ours, theirs = mlp(), mlp()
    settings = dict(lr=0.1, momentum=0.9)
    optimizer = Optimizer(ours.parameters(), rolling_ball.Sgd, roll_back=False, **settings)
    peer = torch.optim.SGD(theirs.parameters(), **settings)
    for _ in range(20):
        loss = optimizer.step(closure_of(ours, optimizer, x, y))
        assert loss == pytest.approx(peer.step(closure_of(theirs, peer, x, y)).item(), rel=1e-4)
    for one, other in zip(ours.parameters(), theirs.parameters()):
        # Sums in another order: twenty steps of single precision.
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-5)


def test_the_steps_are_those_of_the_optimizer_over_one_vector():
    module, (x, y) = mlp(), task((8,), 4)
    optimizer = RollingBall(module.parameters(), lr=0.5, radius=0.05, roll_back=True)
    twin = copy.deepcopy(module)
    theta = torch.nn.utils.parameters_to_vector(twin.parameters()).detach().numpy().copy()
    ball = rolling_ball.Ball(len(theta), 0.05, 0.5)

    def gradient(theta):
        torch.nn.utils.vector_to_parameters(torch.from_numpy(theta.copy()), twin.parameters())
        twin.zero_grad()
        loss = torch.nn.functional.cross_entropy(twin(x), y)
        loss.backward()
        return loss.detach(), torch.cat([p.grad.reshape(-1) for p in twin.parameters()]).numpy()

    for _ in range(10):
        optimizer.step(closure_of(module, optimizer, x, y))
        ball.step(theta, gradient)
    found = torch.nn.utils.parameters_to_vector(module.parameters()).detach().numpy()
    assert found.tobytes() == theta.tobytes()


def test_groups_have_their_own_rates_and_decays():
    module, (x, y) = mlp(), task((8,), 4)
    groups = [
        {"params": module[0].parameters(), "lr": 0.0},
        {"params": module[2].parameters(), "weight_decay": 1e-3},
    ]
    before = copy.deepcopy(module)
    optimizer = RollingBall(groups, lr=0.5)
    optimizer.step(closure_of(module, optimizer, x, y))
    assert torch.equal(module[0].weight, before[0].weight)
    assert not torch.equal(module[2].weight, before[2].weight)


def test_a_scheduler_of_torch_is_followed_and_one_group_alone_is_refused():
    module, (x, y) = mlp(), task((8,), 4)
    optimizer = RollingBall(
        [{"params": [p], "lr": 0.1} for p in module.parameters()], lr=0.1
    )
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    optimizer.step(closure_of(module, optimizer, x, y))
    first = optimizer.report.learning_rate
    scheduler.step()
    optimizer.step(closure_of(module, optimizer, x, y))
    assert optimizer.report.learning_rate < 0.7 * first
    optimizer.param_groups[0]["lr"] = 0.3
    with pytest.raises(ValueError, match="expected one factor"):
        optimizer.step(closure_of(module, optimizer, x, y))


def test_a_loss_that_is_not_finite_is_an_error_and_the_module_is_put_back():
    module = mlp()
    before = copy.deepcopy(module)
    optimizer = RollingBall(module.parameters())

    def closure():
        optimizer.zero_grad()
        loss = module(torch.full((1, 8), float("inf"))).sum()
        loss.backward()
        return loss

    with pytest.raises(FloatingPointError):
        optimizer.step(closure)
    for one, other in zip(module.parameters(), before.parameters()):
        assert torch.equal(one, other)


def test_a_training_that_is_saved_and_loaded_goes_on_with_the_same_bits():
    x, y = task((8,), 4)

    def steps(module, optimizer, count):
        for _ in range(count):
            optimizer.step(closure_of(module, optimizer, x, y))

    whole = mlp()
    steps(whole, RollingBall(whole.parameters(), lr=0.5), 8)
    part = mlp()
    stopped = RollingBall(part.parameters(), lr=0.5)
    steps(part, stopped, 5)
    resumed = RollingBall(part.parameters(), lr=0.5)
    resumed.load_state_dict(stopped.state_dict())
    steps(part, resumed, 3)
    for one, other in zip(part.parameters(), whole.parameters()):
        assert torch.equal(one, other)


def test_a_group_that_comes_later_and_parameters_that_are_no_numbers_are_refused():
    optimizer = RollingBall(mlp().parameters())
    with pytest.raises(ValueError, match="make it anew"):
        optimizer.add_param_group({"params": [torch.nn.Parameter(torch.zeros(2))]})
    with pytest.raises(ValueError, match="lr: expected"):
        RollingBall(mlp().parameters(), lr=0.0)


def test_a_closure_that_leaves_out_the_gradient_or_the_loss_is_refused():
    module, (x, y) = mlp(), task((8,), 4)
    before = copy.deepcopy(module)
    optimizer = RollingBall(module.parameters())
    with pytest.raises(ValueError, match=r"closure: expected it to call backward\(\)"):
        optimizer.step(lambda: torch.nn.functional.cross_entropy(module(x), y))
    with pytest.raises(TypeError, match="a closure that returns the loss"):
        optimizer.step(lambda: closure_of(module, optimizer, x, y)() and None)
    for one, other in zip(module.parameters(), before.parameters()):
        assert torch.equal(one, other)
    assert optimizer.step(closure_of(module, optimizer, x, y)) > 0.0


def test_a_decay_that_is_changed_is_refused_and_a_rate_of_0_leaves_the_parameters():
    module, (x, y) = mlp(), task((8,), 4)
    before = copy.deepcopy(module)
    optimizer = Optimizer(module.parameters(), rolling_ball.Sgd, lr=0.1)
    optimizer.param_groups[0]["lr"] = 0.0
    optimizer.step(closure_of(module, optimizer, x, y))
    for one, other in zip(module.parameters(), before.parameters()):
        assert torch.equal(one, other)
    optimizer.param_groups[0]["weight_decay"] = 0.1
    with pytest.raises(ValueError, match="weight_decay: expected"):
        optimizer.step(closure_of(module, optimizer, x, y))


def test_a_state_of_another_optimizer_is_refused_and_nothing_changes():
    module = mlp()
    ball = RollingBall(module.parameters(), lr=0.5)
    sgd = Optimizer(module.parameters(), rolling_ball.Sgd, lr=0.1)
    groups = [{"params": [p]} for p in module.parameters()]
    grouped = RollingBall(groups, lr=0.1, steps=None)
    for wrong in (sgd.state_dict(), torch.optim.SGD(module.parameters(), lr=0.1).state_dict()):
        with pytest.raises(ValueError, match="expected what"):
            ball.load_state_dict(wrong)
    with pytest.raises(ValueError, match="different number of parameter groups"):
        ball.load_state_dict(grouped.state_dict())
    assert ball.param_groups[0]["lr"] == 0.5
    with pytest.raises(TypeError, match="state_dict"):
        copy.deepcopy(ball)


def test_an_export_leaves_each_part_of_a_module_in_its_mode(tmp_path):
    module = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.BatchNorm1d(8)).train()
    module[1].eval()
    export(module, torch.zeros(1, 8), tmp_path / "module.onnx")
    assert [part.training for part in module.modules()] == [True, True, False]


def test_what_the_document_shows_runs_as_it_stands(models, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(models.parent)
    code = block_of(models.parent / "docs/python.md", 2)
    code += block_of(models.parent / "docs/python.md", 3)
    assert code.count('"../gadget"') == 1
    code = code.replace('"../gadget"', repr(str(tmp_path / "gadget")))
    exec(compile(code, "docs/python.md", "exec"), {})
    assert (tmp_path / "gadget/Cargo.toml").is_file()


def test_the_package_does_not_import_torch_by_itself():
    said = "import sys, rolling_ball; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", said], check=True)


def test_a_live_module_is_imported_with_its_own_outputs(tmp_path):
    module = cnn().eval()
    x = torch.rand(5, 1, 8, 8)
    export(module, x[:1], tmp_path / "cnn.onnx")
    model = rolling_ball.import_model(tmp_path / "cnn.onnx", train="all")
    assert model.shape == (64, 10) and model.parameters == sum(
        p.numel() for p in module.parameters()
    )


def test_a_live_module_becomes_a_firmware_project(models, tmp_path, capfd):
    source = str(models.parent)
    firmware(cnn(), torch.rand(1, 1, 8, 8), tmp_path / "gadget", board="qemu-m4f", source=source)
    assert (tmp_path / "gadget/Cargo.toml").is_file()
    assert list((tmp_path / "gadget").rglob("*.onnx"))
    with pytest.raises(ValueError, match="is there already"):
        firmware(
            cnn(), torch.rand(1, 1, 8, 8), tmp_path / "gadget", board="qemu-m4f", source=source
        )
    with pytest.raises(ValueError, match="board"):
        firmware(cnn(), torch.rand(1, 1, 8, 8), tmp_path / "other", board="abacus", source=source)
    assert not (tmp_path / "other").exists()
