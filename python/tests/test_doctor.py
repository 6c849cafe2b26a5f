"""The doctor: typed, and true."""

import dataclasses
import os
import pickle
import threading
import typing

import pytest

import libisolate as iso


def test_what_it_finds():
    diagnosis = iso.doctor()
    assert isinstance(diagnosis, iso.Diagnosis) and diagnosis.checks
    areas = typing.get_args(iso.CheckArea)
    assert list(dict.fromkeys(check.area for check in diagnosis.checks)) == list(areas)
    for check in diagnosis.checks:
        assert isinstance(check, iso.Check)
        assert check.status in typing.get_args(iso.CheckStatus)
        assert (check.reason is None) == (check.status == "works"), check
    # The jobs of all other tests run here.
    assert diagnosis.ready is True
    job = next(check for check in diagnosis.checks if check.name == "default job")
    assert (job.area, job.status, job.needed) == ("jobs", "works", True)


def test_it_is_of_this_caller():
    checks = {check.name: check for check in iso.doctor().checks}
    assert checks["release"].found.split()[1] == os.uname().release
    assert checks["caller"].found.startswith(f"uid {os.geteuid()}, gid {os.getegid()}, ")
    assert os.readlink("/proc/self/ns/uts") in checks["uts"].found


def test_it_is_a_value():
    diagnosis = iso.doctor()
    assert pickle.loads(pickle.dumps(diagnosis)) == diagnosis
    with pytest.raises(dataclasses.FrozenInstanceError):
        diagnosis.ready = False


def test_from_many_threads():
    found = []
    threads = [threading.Thread(target=lambda: found.append(iso.doctor().ready)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 4
