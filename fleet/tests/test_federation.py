"""Whole federations in one process: restarts, deaths, and what a device remembers."""

import numpy as np
import pytest
from rolling_ball_fleet import client_app, server_app
from rolling_ball_fleet.rehearsal import federate
from rolling_ball_fleet.report import report
from rolling_ball_fleet.state import State

NODES = [{"devices": "0-4"}, {"devices": "5"}, {"devices": "6-11"}]


def run(config, nodes=NODES):
    federate(server_app.app, client_app.app, config, nodes)
    return report(config)


def test_a_federation_learns_what_its_devices_know(config):
    history = run({**config, "rounds": 8})["history"]
    assert history[8]["held-out"] > history[0]["held-out"] + 0.3
    assert history[8]["devices"] == 12


def test_the_bits_do_not_depend_on_which_nodes_the_devices_are_behind(config, tmp_path):
    one = run(config)["hash"]
    other = {**config, "state": str(tmp_path / "other")}
    assert run(other, [{"devices": "0-11"}])["hash"] == one


def test_a_node_of_a_simulation_is_the_device_of_its_partition(config, tmp_path):
    one = run(config)["hash"]
    nodes = [{"partition-id": device, "num-partitions": 12} for device in range(12)]
    assert run({**config, "state": str(tmp_path / "other")}, nodes)["hash"] == one


def test_a_server_that_is_started_again_goes_on_with_the_same_bits(config, tmp_path):
    whole = run({**config, "rounds": 4})
    parts = {**config, "state": str(tmp_path / "parts")}
    for rounds in [1, 2, 4]:
        stopped = run({**parts, "rounds": rounds})
        assert stopped["round"] == rounds
    assert stopped["hash"] == whole["hash"]


def test_a_server_that_dies_before_it_saves_loses_nothing(config, tmp_path, monkeypatch):
    whole = run({**config, "rounds": 3})
    other = {**config, "rounds": 3, "state": str(tmp_path / "other")}
    save, times = State.save, []

    def dies(state, folder):
        if state.round == 2 and not times:
            times.append(1)
            raise OSError("the power failed")
        save(state, folder)

    monkeypatch.setattr(State, "save", dies)
    with pytest.raises(OSError, match="power"):
        run(other)
    assert run(other)["hash"] == whole["hash"]


def test_what_eight_bits_leave_is_sent_later_and_is_not_lost(config, tmp_path):
    def shared(encoding):
        state = tmp_path / encoding
        run({**config, "state": str(state), "encoding": encoding, "rounds": 9})
        return State.load(state, 1).theta

    f32, int8 = shared("f32"), shared("int8")
    # A step of the eight bits is a 127th of the largest change of a round; nine of them would add
    # up to much more where what is left were lost.
    assert f32.tobytes() != int8.tobytes()
    assert np.abs(int8 - f32).max() < np.abs(f32).max() / 127


def test_a_device_that_dies_in_a_round_is_left_out_of_it_and_comes_back(config):
    history = run({**config, "absent": 0.3, "rounds": 6})["history"]
    devices = [history[number]["devices"] for number in range(1, 7)]
    assert min(devices) < 12
    assert all(history[number]["refused"] == 12 - devices[number - 1] for number in range(1, 7))


def test_devices_join_and_leave_between_rounds(config):
    run({**config, "rounds": 1}, NODES[:1])
    run({**config, "rounds": 2}, NODES)
    history = run({**config, "rounds": 3}, NODES[1:])["history"]
    assert [history[number]["devices"] for number in (1, 2, 3)] == [5, 12, 7]


def test_a_node_whose_app_fails_does_not_stop_the_round(config):
    assert run(config, [*NODES, {}])["history"][3]["devices"] == 12


@pytest.mark.parametrize("mean", ["samples", "clipped", "trimmed"])
def test_every_mean_outlives_devices_that_send_nan_or_wrong_lengths(config, mean):
    history = run({**config, "garbage": 0.3, "mean": mean})["history"]
    assert np.isfinite(history[3]["held-out"])


def test_a_state_of_another_federation_is_refused(config):
    run(config)
    with pytest.raises(ValueError, match="is of federation 1"):
        run({**config, "federation": 2})


def test_a_state_that_is_damaged_says_what_to_do(config, tmp_path):
    run(config)
    (tmp_path / "state" / "server.npz").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(ValueError, match="remove it to begin anew"):
        run(config)
