"""A whole federation in one process: the same apps, without Flower's engines.

    python -m rolling_ball_fleet.rehearsal rounds=5 devices=64 mean=trimmed ...

prints the history of the federation as JSON. As a mean is taken in the order of the devices, theta
has the bits of the federation that Flower runs. The apps use documented interfaces of Flower only;
this module, and the tests by way of it, use one that is not: a message can be made only where a run
has a number, so it gives one.
"""

import sys
from collections.abc import Iterable
from uuid import uuid4

from flwr.app import Context, Error, Message, RecordDict, UserConfig
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.supercore.task_identity import TaskIdentity

from .client_app import app as client
from .report import command, report
from .server_app import app as server

# Flower's code for a ClientApp that raised an exception.
RAISED = 2


class Loopback(Grid):
    """Nodes that are called, one after the other."""

    def __init__(self, app: ClientApp, contexts: dict[int, Context]) -> None:
        self.app, self.contexts = app, contexts
        self.replies: dict[str, Message] = {}

    def set_run(self, run) -> None:
        """There is no run."""

    @property
    def run(self):
        """There is none."""
        raise NotImplementedError("a rehearsal has no run")

    def create_message(self, content, message_type, dst_node_id, group_id, ttl=None) -> Message:
        """A message to a node."""
        return Message(content, dst_node_id, message_type, ttl=ttl, group_id=group_id)

    def get_node_ids(self) -> Iterable[int]:
        """The nodes."""
        return list(self.contexts)

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        """Calls the nodes."""
        names = []
        for message in messages:
            names.append(str(uuid4()))
            try:
                reply = self.app(message, self.contexts[message.metadata.dst_node_id])
            except Exception as error:  # noqa: BLE001: what Flower does with any exception
                reply = Message(Error(RAISED, repr(error)), reply_to=message)
            self.replies[names[-1]] = reply
        return names

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        """What they have answered."""
        return [self.replies.pop(name) for name in message_ids]

    def send_and_receive(self, messages, *, timeout=None) -> Iterable[Message]:
        """Calls the nodes, and returns what they answer."""
        return self.pull_messages(self.push_messages(messages))


def federate(server: ServerApp, client: ClientApp, config: UserConfig, nodes: list[dict]) -> None:
    """Runs a federation of nodes with these configurations."""
    TaskIdentity.run_id, TaskIdentity.node_id, TaskIdentity.task_id = 1, 1, 1
    contexts = {
        node: Context(0, node, node_config, RecordDict(), config)
        for node, node_config in enumerate(nodes, 1)
    }
    server(Loopback(client, contexts), Context(0, 0, {}, RecordDict(), config))


def rehearse(config: UserConfig) -> dict:
    """Runs a federation of rehearsed devices, and reports it."""
    config = {**config, "minimum-nodes": 1}
    federate(server, client, config, [{"devices": f"0-{int(config['devices']) - 1}"}])
    return report(config)


if __name__ == "__main__":
    description = "Runs a federation of rehearsed devices in this process."
    sys.exit(command("rehearsal", description, rehearse))
