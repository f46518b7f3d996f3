"""Who has which samples."""

import numpy as np
import pytest
from rolling_ball_fleet.partition import FEWEST, MOST, Partition


def rows(samples):
    return [row.tobytes() for row in samples.x]


def test_a_partition_is_the_same_for_everybody(data):
    one, other = Partition(data, 12), Partition(data, 12)
    for device in range(12):
        assert rows(one.device(device)) == rows(other.device(device))
    assert rows(Partition(data, 12, seed=2).device(0)) != rows(one.device(0))


def test_no_two_devices_have_the_same_sample_as_long_as_there_are_enough(data):
    partition = Partition(data, 12)
    dealt = [row for device in range(12) for row in rows(partition.device(device))]
    assert len(dealt) == len(set(dealt)) == len(partition.federation())


def test_a_device_has_a_few_samples_of_one_group_and_none_twice(data):
    partition = Partition(data, 300)
    for device in range(300):
        own = rows(partition.device(device))
        assert FEWEST <= len(own) <= MOST
        assert len(set(own)) == len(own)


def test_all_of_a_share_is_dealt_before_anything_is_dealt_twice(data):
    few, many = Partition(data, 100), Partition(data, 300)
    assert len(few.federation()) == len(many.federation())


def test_nobody_trains_on_what_is_held_out_or_unknown(data):
    partition = Partition(data, 300)
    trained = set(rows(partition.federation())) | set(rows(partition.pretraining()))
    assert trained.isdisjoint(rows(partition.held_out()))
    assert trained.isdisjoint(rows(partition.unknown()))


def test_a_held_out_device_is_tested_on_others_than_it_tunes_on(data):
    partition = Partition(data, 12)
    for own, others in partition.held_out_devices():
        assert set(rows(own)).isdisjoint(rows(others))
        assert set(rows(own)) < set(rows(partition.held_out()))


def test_a_folder_without_samples_says_which_files_it_needs(tmp_path):
    with pytest.raises(ValueError, match=r"\.x\.u8\.bin, \.y\.u8\.bin and \.speaker\.u8\.bin"):
        Partition(tmp_path, 3)


def test_files_that_do_not_belong_together_are_refused(data):
    np.zeros(3, np.uint8).tofile(data / "made.y.u8.bin")
    with pytest.raises(ValueError, match="do not belong together"):
        Partition(data, 3)


def test_a_device_that_does_not_exist_is_an_error(data):
    with pytest.raises(ValueError, match="they are 0 to 2"):
        Partition(data, 3).device(3)
