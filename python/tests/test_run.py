"""run(): what the job finds, what it is held to, how it ended; asserted from inside where it can be."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import pytest

import libisolate as iso

pytestmark = pytest.mark.usefixtures("nothing_left")


def sh(script: str, **options: Any) -> iso.Outcome[str]:
    return iso.run(["sh", "-c", script], capture_output=True, text=True, **options)


def test_the_default_is_closed() -> None:
    r = sh("readlink /proc/self/ns/pid; awk '/^NSpid/ {print $NF}' /proc/self/status; id -u; ls /sys/class/net; ls /root /home")
    lines = r.stdout.splitlines() if r.stdout else []
    assert lines[0] != os.readlink("/proc/self/ns/pid")
    assert lines[0] == f"pid:[{r.namespaces['pid']}]"
    assert int(lines[1]) < 20, "a fresh pid namespace counts from 1"
    kinds = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
    inside = sh("for k in cgroup ipc mnt net pid time user uts; do readlink /proc/self/ns/$k; done").stdout
    assert inside is not None
    outside = [os.readlink(f"/proc/self/ns/{k}") for k in kinds]
    assert all(a != b for a, b in zip(inside.splitlines(), outside)), inside


def test_pid_one_is_the_init() -> None:
    r = sh("cat /proc/1/comm; echo $PPID")
    assert r.stdout is not None and r.stdout.splitlines()[1] == "1", "the program's parent is pid 1"
    alone = iso.run(["sh", "-c", "echo $$"], init=False, capture_output=True, text=True)
    assert alone.stdout == "1\n", "without an init the program itself is"


def test_nothing_of_the_host_can_be_written() -> None:
    r = sh("touch /usr/x /etc/x /x; echo done; touch /tmp/x && echo private")
    assert r.stdout == "done\nprivate\n", r.stderr
    assert r.stderr is not None and r.stderr.count("Read-only file system") == 3
    assert not Path("/tmp/x").exists()


def test_exit_code_and_signal() -> None:
    r = iso.run(["sh", "-c", "exit 7"])
    assert (r.reason, r.exit_code, r.signal, r.returncode, r.shell_status, r.success) == ("exit", 7, None, 7, 7, False)
    r = iso.run(["sh", "-c", "kill -TERM $$"])
    assert (r.reason, r.exit_code, r.signal, r.returncode, r.shell_status) == ("signal", None, 15, -15, 143)
    assert iso.run(["true"]).success


def test_check_raises_with_the_outcome() -> None:
    with pytest.raises(iso.JobFailed, match="exited with code 3") as caught:
        iso.run(["sh", "-c", "echo out; exit 3"], capture_output=True, check=True)
    assert caught.value.outcome.exit_code == 3
    assert caught.value.stdout == b"out\n"
    assert pickle.loads(pickle.dumps(caught.value)).outcome == caught.value.outcome


def test_both_streams_of_a_mebibyte() -> None:
    size = 1 << 20
    r = iso.run(["sh", "-c", f"head -c {size} /dev/zero >&2 & head -c {size} /dev/zero | tr '\\0' x; wait"], capture_output=True)
    assert r.stdout == b"x" * size
    assert r.stderr == b"\0" * size
    assert not r.stdout_cut and not r.stderr_cut


def test_input_larger_than_any_pipe_goes_through() -> None:
    data = os.urandom(3 << 20)
    r = iso.run(["cat"], input=data, capture_output=True)
    assert r.stdout == data


def test_input_that_the_job_does_not_read() -> None:
    r = iso.run(["sh", "-c", "exec <&-; echo no thanks"], input=b"x" * (1 << 20), capture_output=True)
    assert (r.exit_code, r.stdout) == (0, b"no thanks\n")


def test_piped_streams_are_read_to_their_end() -> None:
    data = b"ab\n" * 200_000
    r = iso.run(["sh", "-c", "cat > /tmp/data; cat /tmp/data; cat /tmp/data >&2"], input=data, stdout="pipe", stderr="pipe")
    assert r.stdout == data and r.stderr == data


def test_text() -> None:
    assert iso.run(["cat"], input="grün\n", capture_output=True, text=True, encoding="latin-1").stdout == "grün\n"
    assert iso.run(["printf", "gr\\374n"], capture_output=True, encoding="latin-1").stdout == "grün"
    assert iso.run(["printf", "a\\377"], capture_output=True, encoding="utf-8", errors="replace").stdout == "a\ufffd"


def test_streams_to_files(tmp_path: Path) -> None:
    out = tmp_path / "out"
    iso.run(["echo", "one"], stdout=iso.StdioFile(out))
    iso.run(["echo", "two"], stdout=iso.StdioFile(out, append=True))
    with open(out, "ab") as file:
        iso.run(["echo", "three"], stdout=file)
    assert out.read_text() == "one\ntwo\nthree\n"
    assert iso.run(["cat"], stdin=iso.StdioFile(out), capture_output=True).stdout == b"one\ntwo\nthree\n"


def test_a_writable_bind_belongs_to_the_caller(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("given")
    r = iso.run(
        ["sh", "-c", "cat in; echo made > made"], cwd="/work",
        binds=[iso.Bind(tmp_path, "/work", rw=True)], capture_output=True, check=True,
    )
    assert r.stdout == b"given"
    made = (tmp_path / "made").stat()
    assert (made.st_uid, made.st_gid) == (os.getuid(), os.getgid())


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\xfe"
    os.mkdir(name)
    r = iso.run(["printf", "%s", b"\xff", os.fsdecode(b"\xfe")], env={"V": b"\xfd"}, capture_output=True)
    assert r.stdout == b"\xff\xfe"
    r = iso.run(["sh", "-c", 'printf %s "$V"'], env={"V": b"\xfd"}, capture_output=True)
    assert r.stdout == b"\xfd"
    r = iso.run(["ls", "/m"], binds=[iso.Bind(os.path.dirname(name), b"/m")], capture_output=True)
    assert r.stdout == b"\xff\xfe\n"


def test_environment_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "s")
    monkeypatch.setenv("WANTED", "w")
    r = iso.run(["env"], env={"A": "1"}, keep_env=["WANTED"], capture_output=True, text=True)
    assert r.stdout is not None
    names = {line.split("=")[0] for line in r.stdout.splitlines()}
    assert {"A", "WANTED", "PATH"} <= names and "SECRET" not in names


def test_timeout() -> None:
    r = iso.run(["sh", "-c", "while :; do :; done"], timeout="300ms")
    assert (r.reason, r.shell_status) == ("timeout", 124)
    r = iso.run(["sleep", "100"], timeout=__import__("datetime").timedelta(milliseconds=100))
    assert r.reason == "timeout"


def test_a_timeout_that_is_over_before_the_program_starts() -> None:
    assert iso.run(["sleep", "100"], timeout="1us").reason == "timeout"


def test_output_limit() -> None:
    r = iso.run(["cat", "/dev/zero"], capture_output=True, limits=iso.Limits(output="64K"))
    assert r.reason == "output_limit" and r.stdout == b"\0" * 65536 and r.stdout_cut


def test_memory_limit(limited: None) -> None:
    # tail keeps the last line, and this one has no end.
    r = iso.run(["tail", "/dev/zero"], limits=iso.Limits(memory="32M", swap=0 if swap() else None))
    assert r.reason == "out_of_memory", r
    assert r.enforcement["memory"].status == "enforced" and r.enforcement["memory"].value == str(32 << 20)
    assert r.usage.memory_peak is not None and r.usage.memory_peak <= 32 << 20


def swap() -> bool:
    return len(Path("/proc/swaps").read_text().splitlines()) > 1


def test_pids_limit(limited: None) -> None:
    r = sh("for i in 1 2 3 4 5 6 7 8 9; do sleep 100 & done; echo all", limits=iso.Limits(pids=4), timeout=20)
    assert r.stdout != "all\n" or r.usage.pids_denied, r
    assert r.stderr is not None and "fork" in r.stderr, r


def test_cpu_time_limit(limited: None) -> None:
    r = iso.run(["sh", "-c", "while :; do :; done"], limits=iso.Limits(cpu_time=0.2), timeout=60)
    assert r.reason == "cpu_limit"


def test_the_same_from_a_spec_a_mapping_and_keywords() -> None:
    spec = iso.Spec(["sh", "-c", "hostname"], hostname="box", stdout="capture")
    ways = [
        iso.run(spec), iso.run(spec=spec), iso.run(spec=pickle.loads(pickle.dumps(spec))),
        iso.run(spec=iso.Spec.from_json(spec.to_json())),
        iso.run(["sh", "-c", "hostname"], hostname="box", stdout="capture"),
        iso.run(spec={"argv": ["sh", "-c", "hostname"], "hostname": "box", "stdout": "capture"}),
    ]
    assert [r.stdout for r in ways] == [b"box\n"] * 6
    assert iso.run(spec, hostname="other").stdout == b"other\n", "a keyword overrides the spec"


def test_outcomes_are_plain_data() -> None:
    r = iso.run(["echo", "hi"], capture_output=True)
    assert pickle.loads(pickle.dumps(r)) == r
    with pytest.raises(AttributeError):
        r.reason = "exit"  # type: ignore[misc]
    assert r.usage.wall_time > 0 and r.usage.max_rss > 0


def test_streams_asked_for_twice() -> None:
    with pytest.raises(ValueError, match="stdout and capture_output"):
        iso.run(["true"], stdout="null", capture_output=True)
    with pytest.raises(ValueError, match="stdin and input"):
        iso.run(["true"], stdin="null", input=b"x")
