"""Boards behind a gateway, with a board that is played by its rehearsal."""

import json
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from rolling_ball.fleet import Refused
from rolling_ball_fleet import client_app, gateway, server_app
from rolling_ball_fleet.client_app import rehearsed
from rolling_ball_fleet.device import Round
from rolling_ball_fleet.gateway import Board, BoardError
from rolling_ball_fleet.rehearsal import federate
from rolling_ball_fleet.report import report
from rolling_ball_fleet.settings import Settings


@pytest.fixture
def played(config, tmp_path, monkeypatch):
    """A board whose flash is another folder, and what goes wrong with it, in turn."""
    faults, told = [], []

    class Played:
        """In the place of `rolling_ball.fleet.Gateway`."""

        def __init__(self, stream, **_):
            self.device = rehearsed(11, {**config, "state": str(tmp_path / "board")})

        def update(self, theta, *, federation, round, **_):
            update = self.device.train(Round(federation, round), theta, Settings.of(config))
            if faults:
                raise faults.pop(0)
            self.metrics = SimpleNamespace(**update.metrics)
            return update.change

        def end(self, federation, round, checksum):
            told.append((round, checksum))
            self.device.saved(Round(federation, round), included=True)

    monkeypatch.setattr(gateway, "Gateway", Played)
    monkeypatch.setattr(gateway.socket, "create_connection", lambda *_, **__: nullcontext())
    monkeypatch.setattr(gateway.time, "sleep", lambda _: None)
    return SimpleNamespace(faults=faults, told=told, board=Board(rehearsed(11, config), "here:1"))


def made(played, config, number):
    theta = np.zeros(played.board.rehearsed.network.parameters, np.float32)
    return played.board.train(Round(1, number), theta, Settings.of(config))


def lines(config):
    file = Path(config["state"]) / "devices" / "boards.jsonl"
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_a_board_that_dies_in_a_round_is_asked_again_and_has_the_rehearsals_bits(played, config):
    played.faults += [ConnectionResetError("killed"), TimeoutError("silent")]
    made(played, config, 1)
    assert [(line["attempts"], line["equal"]) for line in lines(config)] == [(3, True)]


def test_a_board_with_other_bits_is_written_down(played, config, monkeypatch):
    monkeypatch.setattr(played.board.rehearsed, "samples", rehearsed(3, config).samples)
    made(played, config, 1)
    assert [line["equal"] for line in lines(config)] == [False]


def test_a_board_that_refuses_takes_no_part_and_says_why(played, config):
    played.faults.append(Refused("the round is of another model"))
    with pytest.raises(BoardError, match="another model"):
        made(played, config, 1)


def test_a_board_is_told_once_and_only_of_what_the_server_has_saved(played, config):
    hash = made(played, config, 1).metrics["hash"]
    played.board.saved(Round(1, 1), included=False)
    assert played.told == []
    for _ in range(2):
        played.board.saved(Round(1, 1), included=True)
    assert played.told == [(1, hash)]


def test_a_federation_with_a_board_has_the_bits_of_one_that_is_rehearsed(played, config, tmp_path):
    nodes = [{"devices": "0-10"}, {"boards": "here:1"}]
    federate(server_app.app, client_app.app, config, nodes)
    other = {**config, "state": str(tmp_path / "other")}
    federate(server_app.app, client_app.app, other, [{"devices": "0-11"}])
    assert report(config)["hash"] == report(other)["hash"]
    assert [line["equal"] for line in report(config)["boards"]] == [True] * 3


def test_an_address_without_a_port_is_an_error(config):
    with pytest.raises(ValueError, match="HOST:PORT"):
        Board(rehearsed(11, config), "localhost")
