"""The means, and what they are kept from."""

import numpy as np
import pytest
from flwr.app import Message, MessageType, RecordDict
from flwr.supercore.task_identity import TaskIdentity
from rolling_ball_fleet.settings import defaults
from rolling_ball_fleet.state import State
from rolling_ball_fleet.strategy import clip, strategy
from rolling_ball_fleet.update import COUNTS, NUMBERS, Update, reply

PARAMETERS = 4


@pytest.fixture(autouse=True)
def run():
    TaskIdentity.run_id, TaskIdentity.node_id, TaskIdentity.task_id = 1, 1, 1


def update(device, change, samples=10):
    metrics = {key: 0 for key in COUNTS} | {key: 0.0 for key in NUMBERS}
    return Update(device, np.asarray(change, np.float32), {**metrics, "samples": samples})


def message(updates, lost=None):
    content = reply(updates, lost or {})
    return Message(content, dst_node_id=1, message_type=MessageType.TRAIN)


def aggregated(tmp_path, replies, **settings):
    state = State(1, 0, np.ones(PARAMETERS, np.float32))
    fleet = strategy({**defaults(), **settings}, state, tmp_path)
    arrays, metrics = fleet.aggregate_train(1, replies)
    return fleet, None if arrays is None else arrays["theta"].numpy(), metrics


def test_devices_weigh_by_their_samples_whichever_node_they_are_behind(tmp_path):
    gateway = [update(0, [1] * 4, 30), update(2, [0] * 4, 10)]
    replies = [message(gateway), message([update(1, [2] * 4, 10)])]
    _, theta, metrics = aggregated(tmp_path, replies)
    assert np.allclose(theta, 1 + (30 + 20) / 50)
    assert metrics["devices"] == 3 and metrics["samples"] == 50


def test_the_bits_of_a_mean_do_not_depend_on_who_was_first(tmp_path):
    random = np.random.default_rng(1)
    updates = [update(device, random.normal(size=4), 7 + device) for device in range(9)]
    one = aggregated(tmp_path, [message(updates)])[1]
    other = aggregated(tmp_path, [message([update]) for update in reversed(updates)])[1]
    assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("bad", [[np.nan] * 4, [np.inf, 0, 0, 0], [1] * 3, []])
def test_a_change_that_is_not_finite_or_of_a_wrong_length_is_left_out(tmp_path, bad):
    fleet, theta, metrics = aggregated(tmp_path, [message([update(0, [1] * 4), update(1, bad)])])
    assert np.allclose(theta, 2)
    assert metrics["refused"] == 1 and fleet.state.included == {0}


def test_without_refusal_a_nan_is_averaged(tmp_path):
    replies = [message([update(0, [1] * 4), update(1, [np.nan] * 4)])]
    assert np.isnan(aggregated(tmp_path, replies, refuse=False)[1]).all()


@pytest.mark.parametrize("samples", [0, 2**32])
def test_a_number_of_samples_that_no_device_has_is_refused(tmp_path, samples):
    replies = [message([update(0, [1] * 4), update(1, [5] * 4, samples)])]
    assert np.allclose(aggregated(tmp_path, replies)[1], 2)


def test_a_trimmed_mean_leaves_out_the_most_extreme_on_either_side(tmp_path):
    changes = [[0] * 4, [1] * 4, [1] * 4, [1] * 4, [1000] * 4]
    replies = [message([update(device, change) for device, change in enumerate(changes)])]
    assert np.allclose(aggregated(tmp_path, replies, mean="trimmed", trim=0.2)[1], 2)


def test_a_clipped_mean_shortens_to_the_median_length_and_weighs_to_the_median(tmp_path):
    changes = [(0, [1, 0, 0, 0], 10), (1, [0, 1, 0, 0], 10), (2, [0, 0, 9, 0], 1000)]
    replies = [message([update(*change) for change in changes])]
    theta = aggregated(tmp_path, replies, mean="clipped")[1]
    assert np.allclose(theta, 1 + np.array([1, 1, 1, 0]) / 3)


def test_clipping_leaves_what_is_short_enough(tmp_path):
    changes = {0: np.float32([3, 4]), 1: np.float32([0, 1]), 2: np.float32([30, 40])}
    clipped = clip(changes)
    assert clipped[0] is changes[0] and clipped[1] is changes[1]
    assert np.allclose(clipped[2], [3, 4])


def test_a_device_that_two_nodes_claim_to_be_is_left_out(tmp_path):
    replies = [message([update(0, [1] * 4)]), message([update(0, [9] * 4), update(1, [2] * 4)])]
    _, theta, metrics = aggregated(tmp_path, replies)
    assert np.allclose(theta, 3) and metrics["refused"] == 1


def test_a_reply_that_is_none_does_not_stop_the_round(tmp_path):
    nonsense = Message(RecordDict(), dst_node_id=1, message_type=MessageType.TRAIN)
    assert np.allclose(aggregated(tmp_path, [nonsense, message([update(0, [1] * 4)])])[1], 2)


def test_a_round_without_a_usable_reply_changes_nothing_and_is_made_again(tmp_path):
    fleet, theta, _ = aggregated(tmp_path, [message([update(0, [np.nan] * 4)])])
    assert theta is None and fleet.state.round == 0
    assert State.load(tmp_path, 1) is None


def test_a_mean_that_does_not_exist_is_an_error_that_names_those_that_do(tmp_path):
    with pytest.raises(ValueError, match="'samples', 'clipped', 'trimmed'"):
        aggregated(tmp_path, [], mean="mode")


def test_differential_privacy_of_flower_clips_and_adds_noise_to_a_mean(tmp_path):
    replies = [message([update(device, [3, 4, 0, 0]) for device in range(50)])]
    settings = {"noise-multiplier": 0.01, "clipping-norm": 1.0, "devices": 50}
    state = State(1, 0, np.ones(PARAMETERS, np.float32))
    fleet = strategy({**defaults(), **settings}, state, tmp_path)
    from flwr.app import Array, ArrayRecord
    fleet.within.current_arrays = ArrayRecord({"theta": Array(state.theta)})
    theta = fleet.aggregate_train(1, replies)[0]["theta"].numpy()
    assert np.allclose(theta, [1.6, 1.8, 1, 1], atol=0.01) and not np.allclose(theta[2:], 1, atol=0)


def test_differential_privacy_needs_a_mean_whose_sensitivity_it_knows(tmp_path):
    with pytest.raises(ValueError, match="docs/fleet.md"):
        aggregated(tmp_path, [], mean="trimmed", **{"noise-multiplier": 0.1})
