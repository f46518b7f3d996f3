"""What a rehearsed device remembers, as a board's flash does."""

import numpy as np
import pytest
from rolling_ball_fleet.client_app import rehearsed, span
from rolling_ball_fleet.device import OldRound, Round
from rolling_ball_fleet.settings import Settings, defaults, overridden
from rolling_ball_fleet.update import bitmap, is_set


def made(device, config, number):
    theta = np.zeros(device.network.parameters, np.float32)
    return device.train(Round(1, number), theta, Settings.of(config))


def test_a_round_that_is_asked_for_again_has_the_same_bits(config):
    device = rehearsed(3, config)
    assert made(device, config, 1).change.tobytes() == made(device, config, 1).change.tobytes()


def test_what_is_left_counts_only_after_the_server_has_saved_the_update(config):
    device = rehearsed(3, config)
    made(device, config, 1)
    given_up = made(device, config, 2).change
    device.saved(Round(1, 2), included=True)
    counted = made(device, config, 3).change
    assert given_up.tobytes() != counted.tobytes()


def test_an_update_that_the_server_does_not_have_leaves_nothing(config):
    device = rehearsed(3, config)
    one = made(device, config, 1).change
    device.saved(Round(1, 1), included=False)
    assert made(device, config, 2).change.tobytes() == one.tobytes()


def test_a_round_that_is_done_does_not_begin_again(config):
    device = rehearsed(3, config)
    made(device, config, 2)
    device.saved(Round(1, 2), included=True)
    for number in (1, 2):
        with pytest.raises(OldRound):
            made(device, config, number)


def test_theta_that_is_not_finite_is_refused(config):
    device = rehearsed(3, config)
    theta = np.full(device.network.parameters, np.nan, np.float32)
    with pytest.raises(ValueError, match="not finite"):
        device.train(Round(1, 1), theta, Settings.of(config))


@pytest.mark.parametrize("devices", [[], [0], [7], [8], [0, 9, 63], range(1000)])
def test_a_bitmap_has_these_devices_and_no_others(devices):
    bits = bitmap(devices)
    assert [device for device in range(1100) if is_set(bits, device)] == list(devices)


def test_spans_are_numbers_or_an_error_that_shows_some():
    assert (list(span("3")), list(span("2-4"))) == ([3], [2, 3, 4])
    for text in ["", "x", "4-2", "1-x"]:
        with pytest.raises(ValueError, match="0-14"):
            span(text)


def test_a_setting_has_the_type_that_it_had():
    config = overridden(defaults(), ["rounds=9", "radius=1", "guarded=true", "mean=trimmed"])
    assert config["rounds"] == 9 and config["radius"] == 1.0 and config["guarded"] is True


@pytest.mark.parametrize("word", ["round=9", "rounds", "guarded=yes"])
def test_a_setting_that_does_not_exist_or_has_no_such_value_is_an_error(word):
    with pytest.raises(ValueError):
        overridden(defaults(), [word])


def test_an_encoding_that_does_not_exist_is_an_error(config):
    with pytest.raises(ValueError, match="f32"):
        Settings.of({**config, "encoding": "int4"})
