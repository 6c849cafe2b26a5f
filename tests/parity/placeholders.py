"""The surroundings of one run of a case: its files, and the words that stand for them in its spec."""

import os
import shutil
import socket
import tempfile
from pathlib import Path


class Surroundings:
    """A directory of its own, $TMP, with the case's files; gone at the end."""

    def __init__(self, case):
        self.files = case.get("files", {})

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
            text, mode = (content["text"], content["mode"]) if isinstance(content, dict) else (content, "644")
            path.write_text(text)
            path.chmod(int(mode, 8))
        self.words = {
            "$TMP": str(self.dir),
            "$UID": str(os.geteuid()),
            "$GID": str(os.getegid()),
            "$HOSTNAME": socket.gethostname(),
        }
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir)

    def fill(self, value, number=None):
        """The value with every word replaced and every generated part made."""
        if isinstance(value, str):
            if value == "$N":
                return number
            if value in ("$UID", "$GID"):
                return int(self.words[value])
            for word, text in self.words.items():
                value = value.replace(word, text)
            return value
        if isinstance(value, list):
            filled = []
            for item in value:
                if isinstance(item, dict) and "$list" in item:
                    first = item.get("from", 0)
                    filled += (self.fill(item["of"], first + n) for n in range(item["$list"]))
                else:
                    filled.append(self.fill(item, number))
            return filled
        if isinstance(value, dict):
            if "$text" in value:
                return value["of"] * value["$text"]
            return {self.fill(key): self.fill(item, number) for key, item in value.items()}
        return value

    def normal(self, line):
        """A result line with $TMP put back, so that those of two runs are equal."""
        return line.replace(str(self.dir), "$TMP")

    def expected(self, value):
        """An expected value, to compare with one of a normal line."""
        filled = self.fill(value)
        return self.normal(filled) if isinstance(filled, str) else filled

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
