"""The surroundings of one run of a case: its files, and the words that stand for them in its spec."""

import os
import shutil
import socket
import tempfile
from pathlib import Path

from runner import Skip
from stepping import Process


class Surroundings:
    """A directory of its own, $TMP, with the case's files, and the process that it asks for; gone at the
    end."""

    def __init__(self, case, pids):
        self.files = case.get("files", {})
        self.kinds = case.get("process")
        self.process = None
        # Of processes, by the words for them.
        self.pids = dict(pids)

    def __enter__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="isolate-parity-"))
        # The job may be another user than the one that made it.
        self.dir.chmod(0o755)
        for name, content in self.files.items():
            path = self.dir / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith("/"):
                path.mkdir()
                continue
            if isinstance(content, dict) and "link" in content:
                path.symlink_to(content["link"])
                continue
            text, mode = (content["text"], content["mode"]) if isinstance(content, dict) else (content, "644")
            path.write_text(text)
            path.chmod(int(mode, 8))
        if self.kinds is not None:
            self.process = Process(self.kinds)
            self.pids["PROCESS"] = self.process.pid
            if self.process.refusal:
                self.__exit__()
                raise Skip(f"no process in new namespaces ({', '.join(self.kinds)}): {self.process.refusal}")
        self.same = {"$UID": os.geteuid(), "$GID": os.getegid(), "$HOSTNAME": socket.gethostname()}
        self.words = {"$TMP": str(self.dir), **self.same, **{f"${name}": pid for name, pid in self.pids.items()}}
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir)
        if self.process:
            self.process.end()

    def fill(self, value):
        """The value with every word replaced and every generated part made."""
        return filled(value, self.words)

    def normal(self, line):
        """A result line with $TMP put back, so that those of two runs are equal."""
        return line.replace(str(self.dir), "$TMP")

    def expected(self, value):
        """An expected value: what differs by run is a word there as it is in a normal line."""
        return filled(value, self.same)

    def differences(self, wanted):
        """How the files differ from what they should be; they have to belong to the caller."""
        for name, text in wanted.items():
            path = self.dir / name
            if text is None:
                if path.exists():
                    yield f"{name} is there"
                continue
            if not path.exists():
                yield f"{name} is not there"
                continue
            if path.read_text() != text:
                yield f"{name} holds {path.read_text()!r}, not {text!r}"
            owner = (path.stat().st_uid, path.stat().st_gid)
            if owner != (os.geteuid(), os.getegid()):
                yield f"{name} belongs to {owner}"


def filled(value, words, number=None):
    """The value with these words replaced and every generated part made."""
    if isinstance(value, str):
        if value == "$N":
            return number
        if value in words:
            return words[value]
        for word, text in words.items():
            value = value.replace(word, str(text))
        return value
    if isinstance(value, list):
        items = []
        for item in value:
            if isinstance(item, dict) and "$list" in item:
                first = item.get("from", 0)
                items += (filled(item["of"], words, first + n) for n in range(item["$list"]))
            else:
                items.append(filled(item, words, number))
        return items
    if isinstance(value, dict):
        if "$text" in value:
            return value["of"] * value["$text"]
        return {filled(key, words): filled(item, words, number) for key, item in value.items()}
    return value
