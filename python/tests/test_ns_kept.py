"""Namespaces that are kept: at a path, and under a name as ip netns does it."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path
from typing import Iterator

import pytest

import libisolate as iso
from namespaces import create, enter, mount_tmpfs, unmoved


@pytest.fixture(autouse=True)
def nobody_moves() -> Iterator[None]:
    with unmoved():
        yield


def test_kept_at_a_path(nothing_left: None, tmp_path: Path) -> None:
    place = tmp_path / "kept"
    # In a mount namespace of the test's own, which takes the mounts with it.
    with create(["net", "mnt"]) as made, enter(made["mnt"]) as inside:
        inside(made["net"].persist, place)
        with inside(iso.Namespace.open, place) as again:
            assert again == made["net"]
        kept = inside(iso.persisted_namespaces)
        assert iso.Persisted(path=str(place), kind="net", id=made["net"].id) in kept
        with pytest.raises(iso.InvalidSpecError, match="is not a namespace"):
            iso.Namespace.open(place)
        with pytest.raises(iso.BusyError):
            inside(made["net"].persist, place)
        inside(iso.unpersist, place)
        assert not place.exists() and inside(iso.persisted_namespaces) == tuple(k for k in kept if k.path != str(place))
        with pytest.raises(iso.NotFoundError):
            inside(iso.unpersist, place)
        place.write_text("mine")
        with pytest.raises(iso.InvalidSpecError):
            inside(iso.unpersist, place)
        with pytest.raises(iso.NotFoundError):
            inside(made["net"].persist, tmp_path / "no" / "directory")
    assert place.read_text() == "mine"


def test_kept_under_a_name_as_ip_netns_does(nothing_left: None) -> None:
    with create(["net", "mnt"]) as made, enter(made["mnt"]) as inside:
        inside(mount_tmpfs, "/run")
        assert inside(made["net"].persist_name, "blue") == "/run/netns/blue"
        with inside(iso.Namespace.named, "blue") as again:
            assert again == made["net"]
        with pytest.raises(iso.BusyError):
            inside(made["net"].persist_name, "blue")
        for name in ("", ".", "..", "a/b", "x" * 256):
            with pytest.raises(iso.InvalidSpecError):
                inside(made["net"].persist_name, name)
        with contextlib.suppress(FileNotFoundError):
            command = ["ip", "netns", "exec", "blue", "readlink", "/proc/self/ns/net"]
            ran = inside(subprocess.run, command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            assert ran.stdout.strip() == str(made["net"]), ran.stderr
            inside(subprocess.run, ["ip", "netns", "add", "red"], check=True)
            with inside(iso.Namespace.named, "red") as red:
                assert red.kind == "net" and red != made["net"]
            inside(iso.unpersist_name, "red")
            assert inside(subprocess.run, ["ip", "netns", "list"], stdout=subprocess.PIPE).stdout.split()[0] == b"blue"
        inside(iso.unpersist_name, "blue")
        with pytest.raises(iso.NotFoundError):
            inside(iso.Namespace.named, "blue")
