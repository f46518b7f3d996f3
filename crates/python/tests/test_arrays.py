"""What is given must be what is expected, and errors say what that is."""

import threading
import time

import numpy as np
import pytest

import rolling_ball
from rolling_ball import Ball, Sgd


def test_a_theta_of_another_type_is_refused_with_what_was_expected(network, samples):
    x, y, *_ = samples
    with pytest.raises(TypeError, match="theta: expected a numpy array of float32, found float64"):
        network.outputs(network.theta.astype(np.float64), x)
    with pytest.raises(TypeError, match="theta: expected a numpy array of float32, found list"):
        network.outputs(network.theta.tolist(), x)


def test_a_theta_of_another_length_is_refused_with_both_lengths(network, samples):
    x, y, *_ = samples
    with pytest.raises(ValueError, match=r"theta: expected shape \(362,\), found \(361,\)"):
        network.rehearse(network.theta[1:], x, y, steps=1)


def test_inputs_of_another_width_are_refused_with_what_was_expected(network, samples):
    x, y, *_ = samples
    with pytest.raises(ValueError, match=r"x: expected shape \(n, 64\), a row for each input"):
        network.outputs(network.theta, x[:, 1:])
    with pytest.raises(ValueError, match=r"found \(64,\)"):
        network.outputs(network.theta, x[0])
    with pytest.raises(TypeError, match="x: expected a numpy array of uint8 or float32, found int"):
        network.outputs(network.theta, x.astype(np.int64))


def test_a_rehearsal_wants_bytes_as_the_device_has_them(network, samples):
    x, y, *_ = samples
    with pytest.raises(TypeError, match="x: expected a numpy array of uint8, as a device has"):
        network.rehearse(network.theta, x.astype(np.float32), y, steps=1)


def test_labels_that_are_no_classes_are_refused_with_the_first_of_them(network, samples):
    x, y, *_ = samples
    for wrong in (10, -1, 2**40):
        labels = y.copy()
        labels[3] = wrong
        said = f"y: expected classes from 0 to 9, found {wrong} at 3"
        with pytest.raises(ValueError, match=said):
            network.loss_and_gradient(network.theta, x, labels)
    with pytest.raises(TypeError, match="y: expected whole numbers, .* found float64"):
        network.loss_and_gradient(network.theta, x, y * 1.0)
    with pytest.raises(ValueError, match=r"y: expected shape \(40,\), one for each input"):
        network.loss_and_gradient(network.theta, x, y[1:])


def test_labels_may_be_of_any_whole_type_or_a_list(network, samples):
    x, y, scale, offset = samples
    losses = {
        network.loss(network.theta, x, labels, scale=scale, offset=offset)
        for labels in (y, y.astype(np.uint8), y.astype(np.int16), y.tolist())
    }
    assert len(losses) == 1


def test_an_array_in_pieces_is_read_as_it_is_and_not_written_to(network, samples):
    x, y, *_ = samples
    apart = np.zeros((40, 128), np.uint8)[:, ::2]
    apart[:] = x
    assert not apart.flags.c_contiguous
    outputs = network.outputs(network.theta, apart)
    assert outputs.tobytes() == network.outputs(network.theta, x).tobytes()

    optimizer, theta = Sgd(100), np.zeros(200, np.float32)[::2]
    with pytest.raises(ValueError, match=r"theta: expected .* in one piece.* not contiguous"):
        optimizer.begin(theta)


def misaligned(array):
    """The same numbers at an address that is no multiple of their size."""
    shifted = np.frombuffer(b"\0" + array.tobytes(), np.uint8).copy()[1:].view(array.dtype)
    assert not shifted.flags.aligned
    return shifted


def test_an_array_at_an_odd_address_is_read_as_it_is_and_not_written_to(network, samples):
    x, *_ = samples
    outputs = network.outputs(misaligned(network.theta), x)
    assert outputs.tobytes() == network.outputs(network.theta, x).tobytes()
    with pytest.raises(ValueError, match=r"theta: expected .* in one piece.* not aligned"):
        Sgd(100).begin(misaligned(np.zeros(100, np.float32)))


def test_no_samples_are_no_outputs_and_an_error_elsewhere(network):
    x = np.zeros((0, 64), np.uint8)
    assert network.outputs(network.theta, x).shape == (0, 10)
    for run in (
        lambda: network.loss(network.theta, x, []),
        lambda: network.rehearse(network.theta, x, [], steps=1),
        lambda: network.fine_tune(network.theta, x, []),
        lambda: network.train(network.theta, x, [], steps=1),
    ):
        with pytest.raises(ValueError, match="no samples"):
            run()


def test_settings_that_are_none_of_a_round_are_refused_by_their_names(network, samples):
    x, y, *_ = samples
    for wrong in ({"steps": 0}, {"radius": -1.0}, {"learning_rate": float("nan")}):
        (name,) = wrong
        with pytest.raises(ValueError, match=f"{name.replace('_', ' ')}: expected a finite number"):
            network.train(network.theta, x, y, **{"steps": 2, **wrong})


def test_what_no_memory_holds_is_a_memory_error():
    with pytest.raises(MemoryError, match="no memory for 1125899906842624 values"):
        Ball(2**50)


def test_the_gradient_may_be_theta_itself():
    theta, ball = np.ones(10, np.float32), Ball(10)
    ball.begin(theta)
    assert ball.tell_gradient(theta, 5.0, theta) == "loss"
    ball.abandon()
    report = ball.step(theta, lambda theta: (float(theta @ theta) / 2, theta))
    assert report.loss_after < report.loss_before


def test_two_threads_at_one_optimizer_are_an_error_of_one_of_them():
    theta, ball = np.ones(10, np.float32), Ball(10)
    found = []

    def step():
        with pytest.raises(RuntimeError, match="step in progress"):
            ball.step(theta, lambda theta: (1.0, theta))
        found.append(ball.awaits)

    def gradient(theta):
        thread = threading.Thread(target=step)
        thread.start()
        thread.join()
        return 1.0, theta

    assert ball.step(theta, gradient, lambda theta: 0.5).step == 0
    assert found == ["gradient"], "the step of the first thread goes on"


def test_a_theta_that_may_not_be_written_to_is_refused(network):
    theta = np.zeros(100, np.float32)
    theta.flags.writeable = False
    with pytest.raises(ValueError, match="theta: expected .* that may be written to"):
        Sgd(100).begin(theta)


def test_a_nan_is_an_error_that_names_it_and_theta_is_put_back():
    theta = np.ones(100, np.float32)
    ball = Ball(100)
    assert ball.begin(theta) == "gradient"
    with pytest.raises(FloatingPointError, match="loss"):
        ball.tell_gradient(theta, float("nan"), np.ones(100, np.float32))
    assert (theta == 1.0).all() and ball.refused == 1 and ball.awaits is None
    ball.begin(theta)
    with pytest.raises(FloatingPointError, match="gradient"):
        ball.tell_gradient(theta, 1.0, np.full(100, np.nan, np.float32))
    assert (theta == 1.0).all() and ball.refused == 2


def test_a_rehearsal_that_overflows_is_a_floating_point_error(network, samples):
    x, y, scale, offset = samples
    with pytest.raises(FloatingPointError):
        network.rehearse(
            network.theta, x, y, steps=50, optimizer="sgd", learning_rate=1e30, scale=scale
        )
    theta = network.theta
    theta[0] = np.inf
    with pytest.raises(FloatingPointError):
        network.rehearse(theta, x, y, steps=1, scale=scale, offset=offset)


def test_an_answer_that_was_not_asked_for_is_refused_and_the_step_goes_on():
    theta, ball = np.ones(10, np.float32), Ball(10)
    with pytest.raises(RuntimeError, match="begin before an answer"):
        ball.tell_loss(theta, 1.0)
    assert ball.begin(theta) == "gradient" == ball.awaits
    with pytest.raises(RuntimeError, match="the gradient, not the loss alone"):
        ball.tell_loss(theta, 1.0)
    assert ball.tell_gradient(theta, 1.0, theta.copy()) == "loss"


def test_settings_out_of_range_are_refused_with_what_was_expected():
    for make, said in [
        (lambda: Ball(0), "parameters: expected at least 1"),
        (lambda: Ball(10, radius=-1.0), "radius"),
        (lambda: Ball(10, footpoint="nearest"), "footpoint: expected lagged_contact"),
        (lambda: Ball(10, centre_step="long"), "centre_step: expected arc_length"),
        (lambda: Sgd(10, momentum=1.0), "momentum"),
        (lambda: Sgd(10, parts=[(9, 1.0, 0.0)]), "parts"),
        (lambda: Sgd(10, clip=0.0), "norm"),
    ]:
        with pytest.raises(ValueError, match=said):
            make()


def test_an_unknown_optimizer_or_loss_is_refused_with_the_known_ones(network, samples):
    x, y, *_ = samples
    with pytest.raises(ValueError, match='optimizer: expected one of ball, sgd, .* found "lion"'):
        network.rehearse(network.theta, x, y, steps=1, optimizer="lion")
    with pytest.raises(ValueError, match='loss: expected cross_entropy, .* found "hinge"'):
        network.loss(network.theta, x, y, loss="hinge")


def test_a_state_of_another_optimizer_is_refused():
    saved = Ball(10).save()
    for other in (Ball(11), Sgd(10)):
        with pytest.raises(ValueError, match="saved: expected what save"):
            other.resume(saved)
    with pytest.raises(ValueError, match="saved: expected what save"):
        Ball(10).resume(saved[:-1])


def test_an_error_of_the_callers_function_ends_the_step():
    def broken(theta):
        raise KeyError("no data")

    theta, ball = np.ones(10, np.float32), Ball(10)
    with pytest.raises(KeyError):
        ball.step(theta, broken)
    assert ball.awaits is None
    with pytest.raises(TypeError, match="expected a pair: the loss, and its gradient"):
        ball.step(theta, lambda theta: 1.0)
    with pytest.raises(TypeError, match="gradient: expected a numpy array of float32"):
        ball.step(theta, lambda theta: (1.0, [0.0] * 10))
    with pytest.raises(TypeError, match="the loss: expected a number, found .*NoneType"):
        ball.step(theta, lambda theta: (None, theta))
    report = ball.step(theta, lambda theta: (1.0, theta * np.float32(ball.steps + 0.5)))
    assert report.step == 0


def test_python_goes_on_while_a_network_computes(network, samples):
    x, y, scale, offset = samples
    x, y = np.tile(x, (10, 1)), np.tile(y, 10)
    counted, done = [0], threading.Event()

    def count():
        while not done.is_set():
            counted[0] += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    time.sleep(0.01)
    before = counted[0]
    network.rehearse(network.theta, x, y, steps=500, scale=scale, offset=offset, learning_rate=0.1)
    during = counted[0] - before
    done.set()
    thread.join()
    # A call that held the lock would leave the other thread no turn but at its ends.
    assert during > 5


def test_threads_that_rehearse_at_once_have_the_same_bits(network, samples):
    x, y, scale, offset = samples
    found = []

    def rehearse():
        run = network.rehearse(network.theta, x, y, steps=20, scale=scale, offset=offset)
        found.append(run.hash)

    threads = [threading.Thread(target=rehearse) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len(set(found)) == 1


def test_the_hash_is_the_crc_32_of_the_bytes():
    import zlib

    theta = np.linspace(-1, 1, 77, dtype=np.float32)
    assert rolling_ball.hash(theta) == zlib.crc32(theta.tobytes())
