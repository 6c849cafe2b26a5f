"""What a guest and a container have in common: processes and files that go with them, and streams that come out."""

import argparse
import ctypes
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TIMED_OUT, MACHINE_FAILED, CANNOT = 124, 125, 69
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


class Ended(Exception):
    """A signal that ends this program."""


def parser(description):
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS
    )
    made.add_argument("-u", "--user", action="store_true",
                      help="as an ordinary user, in a delegated scope of its own systemd")
    made.add_argument("-e", "--env", action="append", default=[], metavar="NAME=VALUE")
    made.add_argument("-t", "--timeout", type=float, default=600, metavar="SECONDS")
    made.add_argument("--save", type=Path, metavar="DIRECTORY", help="where what the machine itself said goes")
    made.add_argument("command", nargs="*")
    return made


def dies_with_us():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Machine:
    """A machine that runs, with all that belongs to it; it goes when this ends, however it ends."""

    logs = ()
    place = None

    def __init__(self, options):
        self.options = options
        self.processes = []
        self.directory = Path(tempfile.mkdtemp(prefix="libisolate-vm.", dir=self.place))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # From here on nothing may come in between.
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        for process in reversed(self.processes):
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        self.clean()
        if self.options.save:
            self.options.save.mkdir(parents=True, exist_ok=True)
            for name in self.logs:
                if (self.directory / name).exists():
                    shutil.copy(self.directory / name, self.options.save / name)
        shutil.rmtree(self.directory, ignore_errors=True)

    def clean(self):
        """Takes away what is neither a process nor a file of this."""

    def start(self, command, **more):
        # A terminal's signals go to this process alone, which ends the others in order.
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, start_new_session=True,
                                   **{"preexec_fn": dies_with_us, **more})
        self.processes.append(process)
        return process

    def environment(self):
        """Of the command: what of this process's own matters there, and what was asked for."""
        kept = ("PATH", "LANG", "ISOLATE_MUST_WORK", "MUST_WORK")
        return [*(f"{name}={os.environ[name]}" for name in kept if name in os.environ), *self.options.env]

    def pump(self, sinks, until=None):
        """Hands on what comes out of descriptors, until all have ended or a process has; whether that was in time."""
        end = time.monotonic() + self.options.timeout
        with selectors.DefaultSelector() as selector:
            for reader, sink in sinks.items():
                selector.register(reader, selectors.EVENT_READ, sink)
            if until:
                over = os.pidfd_open(until.pid)
                selector.register(over, selectors.EVENT_READ, None)
            while selector.get_map():
                ready = [key for key, _ in selector.select(max(0, end - time.monotonic()))]
                if not ready:
                    return False
                for key in ready:
                    data = os.read(key.fd, 65536) if key.data else None
                    if data:
                        key.data(data)
                    elif key.data:
                        selector.unregister(key.fd)
                # What was written before the end is read before it is believed.
                if [key.data for key in ready] == [None]:
                    os.close(over)
                    return True
        return True

    def tell(self, text):
        tell(text)
        for name in self.logs[:2]:
            path = self.directory / name
            lines = path.read_bytes().decode(errors="replace").splitlines() if path.exists() else []
            for line in lines[-20:]:
                print(f"  {name}: {line.rstrip()}", file=sys.stderr)


def tell(text):
    print(f"tests/vm/{Path(sys.argv[0]).name}: {text}", file=sys.stderr)


def stream(fd):
    """Writes all that it is given."""
    def write(data):
        while data:
            data = data[os.write(fd, data):]
    return write


def ended(number, _):
    raise Ended(number)


def main(machine, options):
    """Runs the machine to its end, and ends this program with its status."""
    for number in ENDING:
        signal.signal(number, ended)
    try:
        with machine(options) as running:
            status = running.run()
    except Ended as signalled:
        status = 128 + signalled.args[0]
    except BrokenPipeError:
        status = 128 + signal.SIGPIPE
    sys.exit(status)
