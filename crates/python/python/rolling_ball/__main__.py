"""`python -m rolling_ball`: the command `rolling-ball`."""

import signal
import sys

from ._native import command


def main() -> int:
    """Runs the command with the arguments of the process; returns its exit code."""
    # Python would only note the interruption until the command has ended.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return command(["rolling-ball", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
