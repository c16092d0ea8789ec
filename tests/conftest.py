"""A database of its own for every test: cloned from a template on an embedded Postgres, and, for tests marked so, on a real one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from uuid import uuid4

import psycopg
import psycopg_pool.base
import pytest
from hypothesis import HealthCheck, settings
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from domain.sealing import Seal
from service.set_up import prepare
from service.throwaway_postgres import throwaway_postgres

LOCAL_POSTGRES = "postgresql://postgres@127.0.0.1:5432/postgres"
REQUIRED = os.environ.get("REQUIRE_SERVICES") == "1"

# A machine that is slow breaks no law. Examples may share a database: they are told apart, or clear it.
settings.register_profile("laws", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
settings.load_profile("laws")

# A pool draws random lifetimes in threads of its own, and Hypothesis would think that a strategy that is drawing meanwhile did.
psycopg_pool.base.random = Random().random  # pyright: ignore[reportPrivateImportUsage] - where it looks for it


@pytest.fixture(scope="session")
def embedded_postgres() -> Iterator[str]:
    """The URL of a prepared database on a server that is gone after the tests."""
    with throwaway_postgres(database="template") as postgres:
        prepare(postgres.url)
        yield postgres.url


@pytest.fixture(scope="session")
def local_postgres() -> Iterator[str]:
    """The URL of a prepared database on the Postgres of this machine."""
    name = f"tallygraph_template_{uuid4().hex[:8]}"
    try:
        connection = psycopg.connect(LOCAL_POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        if REQUIRED:
            pytest.fail(f"no Postgres on localhost: {error}")
        pytest.skip("no Postgres on localhost")
    with connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        url = make_conninfo(LOCAL_POSTGRES, dbname=name)
        prepare(url)
        yield url
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A prepared, empty database: on the embedded Postgres, or where a test is marked `postgres`, on both, one after the other."""
    template = request.getfixturevalue(getattr(request, "param", "embedded_postgres"))
    with cloned(template) as url:
        yield url


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests that are marked `postgres` on both servers."""
    if "database_url" in metafunc.fixturenames and metafunc.definition.get_closest_marker("postgres"):
        metafunc.parametrize("database_url", ["embedded_postgres", "local_postgres"], indirect=True)


@contextmanager
def cloned(template_url: str) -> Iterator[str]:
    """The URL of a copy, which is gone afterwards."""
    name = f"test_{uuid4().hex[:12]}"
    template = conninfo_to_dict(template_url)["dbname"]
    with psycopg.connect(make_conninfo(template_url, dbname="postgres"), autocommit=True) as connection:
        statement = SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        connection.execute(statement.format(Identifier(name), Identifier(str(template))))
        yield make_conninfo(template_url, dbname=name)
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture(scope="session")
def seal() -> Seal:
    """What seals positions and cursors in tests."""
    return Seal(b"a secret for tests")
