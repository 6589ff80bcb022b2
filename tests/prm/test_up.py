"""bin/up's parts: the port, the one lock, and children that die."""

import contextlib
import os
import signal
import socket
import sys

import psutil
import pytest

from prm import processes, up
from prm.processes import Unavailable
from prm.supervisor import Child, Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def taken():
    """A port that somebody else listens on."""
    with socket.socket() as other:
        other.bind((up.HOST, 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_asked_for_and_taken_is_one_sentence(taken):
    with pytest.raises(Unavailable, match=f"Port {taken} is in use. Choose another"):
        up.listen(taken)


def test_the_next_free_port_is_taken_and_said(taken, monkeypatch, capsys):
    monkeypatch.setattr(up, "DEFAULT_PORT", taken)
    with contextlib.closing(up.listen(None)) as listener:
        port = listener.getsockname()[1]
    assert port > taken
    assert f"Port {taken} is in use; taking {port}." in capsys.readouterr().out


def test_an_impossible_port_is_one_sentence():
    with pytest.raises(Unavailable, match="Port 99999 cannot be used"):
        up.listen(99999)


def test_the_second_caller_hears_the_address(tmp_path, capsys):
    with up.only_one(tmp_path) as announce:
        announce("http://localhost:8000")
        with pytest.raises(SystemExit) as leaving, up.only_one(tmp_path):
            pass
    assert leaving.value.code == 0
    assert "running already: http://localhost:8000" in capsys.readouterr().out


@pytest.fixture
def said():
    return []


@pytest.fixture
def supervisor(tmp_path, said):
    supervisor = Supervisor(tmp_path / "children", said.append)
    yield supervisor
    supervisor.stop()


def test_a_dead_child_is_said_and_started_again_later_each_time(supervisor, said, tmp_path, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr("prm.supervisor.time.monotonic", lambda: clock[0])
    child = Child("worker", SLEEP, {}, tmp_path / "worker.log")
    supervisor.start(child)
    for pause in (2, 4):
        first = child.process
        first.kill()
        first.wait()
        supervisor.look()
        assert said[-1].startswith(f"The worker was ended by SIGKILL; it starts again in {pause} s.")
        clock[0] += pause - 1
        supervisor.look()
        assert child.process is first
        clock[0] += 1
        supervisor.look()
        assert child.process.poll() is None
        assert child.process is not first


def test_stopping_ends_whole_families(supervisor, tmp_path):
    parent = "import subprocess, time; print(subprocess.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)"
    child = Child("family", [sys.executable, "-c", parent], {}, tmp_path / "family.log")
    supervisor.start(child)
    assert processes.until(lambda: child.log.read_text().strip(), seconds=10)
    grandchild = psutil.Process(int(child.log.read_text()))
    supervisor.stop()
    assert child.process.poll() == -signal.SIGTERM
    assert processes.until(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE, seconds=5)
    assert not supervisor.record.exists()


def test_what_a_killed_start_left_is_swept(supervisor, tmp_path):
    child = Child("worker", SLEEP, {}, tmp_path / "worker.log")
    supervisor.start(child)
    Supervisor(supervisor.record, print).sweep()
    assert child.process.poll() is not None


def test_a_stranger_with_a_reused_pid_is_spared(supervisor, tmp_path):
    supervisor.record.write_text(f'{{"{os.getpid()}": 1.0}}')
    supervisor.sweep()
    assert not supervisor.record.exists()
