"""Makes the inside of a guest or a container ready for the suite, and looks at it again afterwards."""

import os
import pwd
import shutil
import subprocess
import sys
import time
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
# systemd hands down those that it knows; these it does not.
UNKNOWN_TO_SYSTEMD = ("hugetlb", "rdma", "misc", "dmem")
LEAF = "isolate-leaf"
# systemd and its tools are in the guest's own root, which need not be ours.
OUTSIDE = ("nsenter", "--target", "1", "--mount", "--")


def user():
    return pwd.getpwuid(os.getuid()).pw_name


def in_container():
    """systemd leaves word for whom it may not show its environment."""
    return Path("/run/systemd/container").exists()


def environment():
    """For the tests. Deadlines tell hanging from slow, and a guest is emulated; systemd's tools take a root that is not
    pid 1's for a chroot, in which they do nothing."""
    return {"SYSTEMD_IGNORE_CHROOT": "1"} | ({} if in_container() else {"ISOLATE_TEST_PATIENCE": "6"})


def layout():
    """How this machine's cgroups are mounted."""
    if (CGROUP / "cgroup.controllers").exists():
        return "v2"
    return "hybrid" if (CGROUP / "unified").exists() else "v1"


def own_v2():
    """This process's directory in the v2 tree that is the only one; None elsewhere."""
    if layout() != "v2":
        return None
    line = next(line for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::"))
    return CGROUP / line[3:].lstrip("/")


def describe():
    """Kernel, layout and systemd."""
    version = subprocess.run([*OUTSIDE, "systemctl", "--version"], capture_output=True, text=True).stdout.split()
    where = "container" if in_container() else "guest"
    return f"{where}, Linux {os.uname().release}, {layout()}, systemd {version[1] if len(version) > 1 else '?'}"


def quiet(*command):
    return subprocess.run([*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def must(condition, what):
    """A guest that lacks what it was made for would skip tests in silence."""
    if not condition:
        print(f"FAILED the machine is not ready: {what}", flush=True)
        sys.exit(1)


def machine():
    """As root, once: swap, huge pages, schedulers, and controllers down to this service."""
    if not in_container():
        for module in ("zram", "loop", "bfq", "overlay", "dummy", "veth"):
            quiet("modprobe", module)
        Path("/sys/block/zram0/disksize").write_text("512M")
        must(quiet("mkswap", "/dev/zram0") and quiet("swapon", "/dev/zram0"), "no swap")
        Path("/proc/sys/vm/nr_hugepages").write_text("16")
        must(Path("/proc/sys/vm/nr_hugepages").read_text().strip() == "16", "no huge pages")
    own = own_v2()
    if own is None:
        return
    there = (CGROUP / "cgroup.controllers").read_text().split()
    for controller in set(UNKNOWN_TO_SYSTEMD).intersection(there):
        for above in reversed(own.parents):
            if above == CGROUP or CGROUP in above.parents:
                (above / "cgroup.subtree_control").write_text(f"+{controller}")
    if not in_container():
        wanted = {"cpuset", "cpu", "io", "memory", "hugetlb", "pids"}
        lacking = wanted.difference((own / "cgroup.controllers").read_text().split())
        must(not lacking, f"{own} lacks {' '.join(sorted(lacking))}")


def own_group():
    """Moves this process to a leaf of its own v2 group, which then can hand its controllers on (cgroups(7))."""
    own = own_v2()
    if own is None or own.name == LEAF:
        return
    leaf = own / LEAF
    leaf.mkdir()
    for pid in (own / "cgroup.procs").read_text().split():
        try:
            (leaf / "cgroup.procs").write_text(pid)
        except ProcessLookupError:
            pass
    # All at once fails where one of them does.
    for controller in (own / "cgroup.controllers").read_text().split():
        (own / "cgroup.subtree_control").write_text(f"+{controller}")


def helpers(made):
    """What the tests compile at their first use, where that was done outside already."""
    here = Path(f"/tmp/isolate-tests-{os.getuid()}")
    here.mkdir(exist_ok=True)
    for program in made.iterdir():
        shutil.copy(program, here)


def systemctl(*words):
    """What systemctl says of the system's units, then of the user's."""
    as_user = ("setpriv", "--reuid=1000", "--regid=1000", "--init-groups", "env", "XDG_RUNTIME_DIR=/run/user/1000")
    for who, become in (("system", ()), ("user", as_user)):
        scope = ("--user",) if become else ()
        done = subprocess.run([*OUTSIDE, *become, "systemctl", *scope, "--no-legend", "--plain", *words],
                              capture_output=True, text=True)
        if done.returncode:
            yield f"systemctl as {who}: {done.stderr.strip()}"
        yield from (f"{who}: {line.strip()}" for line in done.stdout.splitlines() if line.strip())


def units():
    """Units that failed, and scopes and slices of the tests."""
    yield from systemctl("list-units", "--failed", "--all")
    yield from systemctl("list-units", "--all", "isolate*")


def left():
    """What tests could leave: units, groups and mounts."""
    yield from units()
    for directory, below, _ in os.walk(CGROUP):
        yield from (os.path.join(directory, name) for name in below if name.startswith("isolate") and name != LEAF)
    with open("/proc/self/mounts") as mounts:
        yield from (f"mount: {line.strip()}" for line in mounts if "isolate" in line.split()[1])


def left_behind(before):
    """What is there after the tests that was not there before. systemd takes a moment to see that a scope is empty."""
    for _ in range(50):
        found = sorted(set(left()) - before)
        if not found:
            break
        time.sleep(0.2)
    return found
