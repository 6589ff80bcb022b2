"""The embedded servers, for real: started, shared, killed, adopted, stopped."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import psycopg2
import pytest

from prm import embedded, processes
from prm.embedded import Servers
from prm.processes import Unavailable

HOLDER = """
import sys, time
from pathlib import Path
from prm import embedded
with {call} as servers:
    print(servers.var, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def no_addresses(monkeypatch):
    """bin/test has set them; here every test starts servers of its own. What a test leaves in the environment goes with it."""
    for name in ("DATABASE_URL", "REDIS_URL", "PRM_VAR"):
        monkeypatch.setenv(name, "")  # remembered by monkeypatch, so that it is put back
        monkeypatch.delenv(name)


@pytest.fixture
def var():
    """A folder that an ordinary user can reach: pytest's own are closed to all but root."""
    folder = Path(tempfile.mkdtemp(prefix="prm-setup-"))
    folder.chmod(0o711)
    yield folder / "var"
    servers = Servers(folder / "var")
    servers.stop()
    shutil.rmtree(folder)


@pytest.fixture
def hold():
    """Start a process that holds servers until it is killed; returns it and its data folder."""
    held = []

    def start(call):
        command = [sys.executable, "-c", HOLDER.format(call=call)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=embedded.ROOT)
        held.append(process)
        return process, Path(process.stdout.readline().strip())

    yield start
    for process in held:
        process.kill()
        process.wait()
        process.stdout.close()


@contextlib.contextmanager
def using(var, *, throwaway=True):
    servers = Servers(var, throwaway=throwaway)
    servers.enter()
    try:
        servers.start()
        yield servers
    finally:
        servers.leave()


def query(servers, sql, *, user="prm"):
    with (
        contextlib.closing(psycopg2.connect(host=str(servers.sock), user=user, dbname="prm")) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None


def test_starts_serves_and_stops(var):
    with using(var) as servers:
        assert query(servers, "SELECT lower('ÉCLAIR'), unaccent('Muñoz'), similarity('smith', 'smyth') > 0.2") == [
            ("éclair", "Munoz", True)
        ]
        assert query(servers, "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = 'prm'") == [(False, True)]
        assert servers.valkey_answers()
        assert query(servers, "SHOW listen_addresses") == [("",)]
        settings = embedded.memory_settings(embedded.memory())
        for name, value in settings.items():
            assert query(servers, f"SELECT pg_size_bytes(current_setting('{name}')) = pg_size_bytes('{value}')") == [(True,)], name
        assert (servers.sock.stat().st_mode & 0o777, servers.pg.stat().st_mode & 0o777) == (0o700, 0o700)
    assert servers.postgres() is None
    assert servers.valkey_server() is None
    assert not list(servers.sock.iterdir())


GIGABYTE = 1024**3


@pytest.mark.parametrize(
    ("machine", "buffers", "cache", "upkeep"),
    [
        (GIGABYTE // 2, "128MB", "256MB", "64MB"),
        (2 * GIGABYTE, "256MB", "1024MB", "64MB"),
        (8 * GIGABYTE, "1024MB", "4096MB", "128MB"),
        (256 * GIGABYTE, "2048MB", "131072MB", "512MB"),
    ],
)
def test_postgres_takes_its_part_of_the_memory(machine, buffers, cache, upkeep):
    assert list(embedded.memory_settings(machine).values()) == [buffers, cache, upkeep]


def test_a_container_has_the_memory_it_is_held_to(monkeypatch, tmp_path):
    new, old, none = tmp_path / "memory.max", tmp_path / "memory.limit_in_bytes", tmp_path / "nothing"
    new.write_text(f"{GIGABYTE // 4}\n")
    monkeypatch.setattr(embedded, "CONTAINER_LIMITS", (new, none))
    assert embedded.memory() == GIGABYTE // 4
    new.write_text("max\n")
    old.write_text(str(2**63 - 4096))  # how version 1 says that there is no limit
    monkeypatch.setattr(embedded, "CONTAINER_LIMITS", (new, old, none))
    assert embedded.memory() == psutil.virtual_memory().total


def test_data_outlives_a_stop(var):
    with using(var) as servers:
        query(servers, "CREATE TABLE kept AS SELECT 42 AS number")
    with using(var) as servers:
        assert query(servers, "SELECT number FROM kept") == [(42,)]


def test_the_last_user_stops_the_servers(var):
    with using(var) as first:
        second = Servers(var)
        second.enter()
        second.start()
        assert second.postgres().pid == first.postgres().pid
    assert second.postgres() is not None
    assert second.valkey_answers()
    second.leave()
    assert second.postgres() is None
    assert all(process.wait(5) is not None for process in first.spawned)


def test_servers_left_by_a_kill_are_adopted(var, hold):
    holder, _ = hold(f"embedded.servers(Path({str(var)!r}))")
    pid = Servers(var).postgres().pid
    holder.kill()
    holder.wait()
    with using(var) as servers:
        assert servers.postgres().pid == pid
    assert servers.postgres() is None


def test_a_killed_postmaster_is_started_again_with_its_data(var):
    with using(var, throwaway=False) as servers:
        query(servers, "CREATE TABLE kept AS SELECT 42 AS number")
        killed = servers.postgres()
        killed.kill()
        assert processes.until(lambda: servers.postgres() is None, seconds=5)  # a zombie is dead
        servers.start()
        assert query(servers, "SELECT number FROM kept") == [(42,)]


def test_a_killed_valkey_is_started_again(var):
    with using(var) as servers:
        servers.valkey_server().kill()
        assert processes.until(lambda: servers.valkey_server() is None, seconds=5)
        servers.start()
        assert servers.valkey_answers()


def test_a_pid_file_that_names_a_stranger_is_forgotten(var):
    with using(var) as servers:
        pid_file = (servers.pg / "postmaster.pid").read_text()
    (servers.pg / "postmaster.pid").write_text(pid_file.replace(pid_file.split()[0], str(os.getpid()), 1))
    with using(var) as servers:
        assert servers.postgres() is not None


@pytest.mark.parametrize("name", ["a folder with spaces, 'quotes' and %", "long" * 40])
def test_odd_and_long_paths(var, name):
    with using(var / name) as servers:
        assert servers.sock.parent != servers.var
        assert servers.sock.stat().st_mode & 0o777 == 0o700
        assert servers.valkey_answers()
        with contextlib.closing(psycopg2.connect(servers.environment["DATABASE_URL"])) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    shutil.rmtree(servers.sock)


def test_a_socket_folder_laid_by_a_stranger_is_refused(var, tmp_path):
    folder = processes.socket_folder(var / ("long" * 40) / "sock", embedded.LONGEST_SOCKET_NAME)
    folder.symlink_to(tmp_path)
    try:
        with pytest.raises(Unavailable, match="belongs to somebody else"):
            processes.private_folder(folder, None)
    finally:
        folder.unlink()


def test_data_of_another_major_release_is_refused(var):
    with using(var) as servers:
        pass
    (servers.pg / "PG_VERSION").write_text("17\n")
    with pytest.raises(Unavailable, match=r"written by PostgreSQL 17, and this is PostgreSQL \d\d"), using(var):
        pass


def test_a_machine_without_postgres_hears_what_to_install(var, monkeypatch):
    monkeypatch.setenv("PRM_POSTGRES_BIN", str(var))
    with pytest.raises(Unavailable, match="apt-get install postgresql"), using(var):
        pass


def test_servers_named_by_address_are_not_started(var, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/prm")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere")
    with using(var) as servers:
        assert servers.environment == {"PRM_VAR": str(var)}
        assert not servers.pg.exists()
        assert not servers.valkey.exists()


def test_throwaway_servers_of_a_killed_run_are_swept(hold):
    holder, left = hold("embedded.throwaway_servers()")
    server = Servers(left).postgres()
    assert server.is_running()
    holder.kill()
    holder.wait()
    with embedded.throwaway_servers() as fresh:
        assert not left.exists()
        assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE
        assert query(fresh, "SHOW fsync") == [("off",)]
    assert not fresh.var.exists()


def test_a_terminated_command_stops_what_it_started(var):
    command = [
        sys.executable,
        "-P",
        "-m",
        "prm.manage",
        "shell",
        "--no-imports",
        "-c",
        "import time; print('here', flush=True); time.sleep(60)",
    ]
    environment = {**os.environ, "PRM_VAR": str(var), "PYTHONPATH": str(embedded.ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment) as process:
        assert process.stdout.readline() == "here\n"
        assert Servers(var).postgres() is not None
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM
    assert Servers(var).postgres() is None
