"""The command isolatectl: `python -m libisolate run -- ls`."""

from __future__ import annotations

import signal
import sys

from . import _native


def main() -> int:
    """Runs the command with this process's arguments; gives its exit status."""
    # Python's own handler would keep Ctrl-C for Python code, and none runs while the command does.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _native._cli_main(["isolatectl", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
