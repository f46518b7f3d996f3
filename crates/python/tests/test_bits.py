"""The bits are those of Rust alone, which are those of the devices."""

import numpy as np
import pytest

import rolling_ball
from rolling_ball import Adam, Ball, Dog, EntropySgd, Prodigy, Sam, Schedule, Sgd, ZerothOrderBall

OPTIMIZERS = ["ball", "sgd", "momentum", "adam", "sam", "zeroth-order-ball"]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("scalar", [False, True])
def test_a_rehearsal_has_the_bits_of_the_same_run_in_rust(
    built, samples, hashes, optimizer, scalar
):
    model, network = built
    x, y, scale, offset = samples
    run = network.rehearse(
        model.theta,
        x,
        y,
        steps=12,
        optimizer=optimizer,
        batch=15,
        radius=0.05,
        learning_rate=0.25,
        scale=scale,
        offset=offset,
        scalar=scalar,
    )
    assert run.hashes.tolist() == hashes[f"{model.name} {optimizer}"]
    assert run.hash == rolling_ball.hash(run.theta) == run.hashes[-1]
    assert [step.hash for step in run.reports] == run.hashes.tolist()


def test_a_fine_tuning_has_the_bits_of_the_same_one_in_rust(built, samples, hashes):
    model, network = built
    x, y, scale, offset = samples
    tuned = network.fine_tune(model.theta, x, y, scale=scale, offset=offset)
    kept = int(np.float32(tuned.kept).view(np.uint32))
    found = [tuned.hash, kept, rolling_ball.hash(tuned.credibilities)]
    assert found == hashes[f"{model.name} fine_tune"]
    assert tuned.kept > 0.0, "a transaction that keeps nothing shows little"


@pytest.mark.parametrize("guarded", [False, True])
def test_the_training_of_a_round_has_the_bits_of_the_same_one_in_rust(
    built, samples, hashes, guarded
):
    model, network = built
    x, y, scale, offset = samples
    trained = network.train(
        model.theta,
        x,
        y,
        steps=40,
        batch=15,
        radius=0.03,
        learning_rate=2.0,
        seed=3,
        guarded=guarded,
        scale=scale,
        offset=offset,
    )
    floats = np.float32([trained.loss_before, trained.loss_after, trained.kept]).view(np.uint32)
    found = [trained.hash, trained.correct_before, trained.correct_after, *floats.tolist()]
    assert found == hashes[f"{model.name} train{' guarded' if guarded else ''}"]
    assert trained.kept > 0.0, "a transaction that keeps nothing shows little"


def test_inputs_as_floats_have_the_bits_of_the_same_bytes(built, samples):
    model, network = built
    x, y, scale, offset = samples
    floats = x.astype(np.float32) * np.float32(scale) + np.float32(offset)
    bytes_loss, bytes_gradient = network.loss_and_gradient(
        model.theta, x, y, scale=scale, offset=offset
    )
    loss, gradient = network.loss_and_gradient(model.theta, floats, y)
    assert (loss, gradient.tobytes()) == (bytes_loss, bytes_gradient.tobytes())
    outputs = network.outputs(model.theta, x, scale=scale, offset=offset)
    assert outputs.tobytes() == network.outputs(model.theta, floats).tobytes()


def settings(n):
    """The optimizers of `hashes.rs`, with the settings that they have there."""
    return {
        "Ball": lambda: Ball(n, learning_rate=0.25),
        "Ball shrinking": lambda: Ball(n, 0.5, 0.25, steps=10),
        "Ball gauss_newton": lambda: Ball(n, footpoint="gauss_newton", centre_step="plain"),
        "Ball gradient_descent": lambda: Ball(n, footpoint="gradient_descent"),
        "Sgd": lambda: Sgd(n, momentum=0.9, nesterov=True),
        "Adam": lambda: Adam(n, weight_decay=0.01),
        "Sam": lambda: Sam(n, learning_rate=0.25),
        "EntropySgd": lambda: EntropySgd(n, moves=5, seed=3),
        "Dog": lambda: Dog(n, average=True),
        "Prodigy": lambda: Prodigy(n),
        "ZerothOrderBall": lambda: ZerothOrderBall(n, 0.5, steps=12),
    }


@pytest.mark.parametrize("name", settings(1))
def test_ask_and_tell_has_the_bits_of_the_optimizer_in_rust(hashes, name):
    theta = (np.arange(1000) % 17 * 0.125 - 1.0).astype(np.float32)
    optimizer = settings(len(theta))[name]()
    found = []
    for _ in range(12):
        asked = optimizer.begin(theta)
        while isinstance(asked, str):
            loss = theta[0] * theta[0] + np.float32(0.5)
            if asked == "gradient":
                asked = optimizer.tell_gradient(theta, loss, theta * np.float32(0.75))
            else:
                asked = optimizer.tell_loss(theta, loss)
        found.append(rolling_ball.hash(theta))
    found.append(rolling_ball.hash(optimizer.centre(theta)))
    assert found == hashes[name]


def test_a_step_over_functions_is_ask_and_tell(network, samples):
    x, y, scale, offset = samples
    run = network.rehearse(
        network.theta, x, y, steps=8, learning_rate=0.5, scale=scale, offset=offset
    )
    theta, ball = network.theta, Ball(network.parameters, 0.03, 0.5, steps=8)
    for step in run.reports:
        report = ball.step(
            theta,
            lambda theta: network.loss_and_gradient(theta, x, y, scale=scale, offset=offset),
            lambda theta: network.loss(theta, x, y, scale=scale, offset=offset),
        )
        assert (report.step, report.loss_before) == (step.step, step.loss)
        assert rolling_ball.hash(theta) == step.hash


def test_an_optimizer_that_is_resumed_goes_on_with_the_same_bits():
    def steps(optimizer, theta, count):
        for _ in range(count):
            optimizer.step(theta, lambda theta: (1.0, theta * np.float32(0.5)))

    for name, make in settings(300).items():
        whole = np.linspace(-1, 1, 300, dtype=np.float32)
        part = whole.copy()
        steps(make(), whole, 8)
        stopped = make()
        steps(stopped, part, 5)
        resumed = make()
        resumed.resume(stopped.save())
        assert resumed.steps == 5
        steps(resumed, part, 3)
        assert part.tobytes() == whole.tobytes(), name


def test_a_schedule_has_the_values_of_the_core():
    cosine = Schedule.cosine(0.4, 0.0, 100)
    assert cosine.at(0) == np.float32(0.4) and cosine.at(1000) == 0.0
    assert abs(cosine.at(50) - 0.2) < 1e-6  # The core's half cosine is good to single precision.
    assert Schedule.linear(1.0, 0.0, 4).at(1) == 0.75
    assert Schedule.constant(0.5).at(7) == 0.5
    assert Schedule.exponential(1.0, 0.25, 2).at(2) == 0.25
