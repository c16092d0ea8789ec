"""What the environment tells, and what is wrong with it: said by name, and without what is secret in it."""

import stat
from pathlib import Path

import pytest

from service.broker import broker_of
from service.errors import SettingError
from service.settings import Settings

NOT_A_URL = "is not a Postgres URL: write postgresql://user:password@host/database, with special characters percent-encoded."


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATABASE_READ_URL", "DATABASE_DIRECT_URL", "BROKER_URL", "EXPORT_STORE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("DATA_DIR", "SECRET_KEY", "ADMIN_TOKEN", "ACCESS_LOG", "COMPILED_ANSWERS", "TRUSTED_DOCUMENTS"):
        monkeypatch.delenv(f"TALLYGRAPH_{name}", raising=False)


def refusal(settings: Settings | None = None) -> str:
    with pytest.raises(SettingError) as caught:
        (settings or Settings.from_environment()).secret()
    return str(caught.value)


def test_nothing_has_to_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert Settings.from_environment() == Settings(tmp_path / "data")
    assert Settings.from_environment().export_folder == tmp_path / "data" / "exports"


def test_the_access_log_is_off_unless_it_is_switched_on(monkeypatch: pytest.MonkeyPatch):
    for value, expected in (("1", True), ("true", True), ("On", True), ("0", False), ("no", False), ("", False)):
        monkeypatch.setenv("TALLYGRAPH_ACCESS_LOG", value)
        assert Settings.from_environment().access_log is expected
    monkeypatch.setenv("TALLYGRAPH_ACCESS_LOG", "perhaps")
    assert refusal() == "TALLYGRAPH_ACCESS_LOG is neither on nor off: write 1 or 0."


def test_answers_are_compiled_unless_that_is_switched_off(monkeypatch: pytest.MonkeyPatch):
    for value, expected in (("off", False), ("0", False), ("on", True), ("", True)):
        monkeypatch.setenv("TALLYGRAPH_COMPILED_ANSWERS", value)
        assert Settings.from_environment().compiled_answers is expected
    monkeypatch.setenv("TALLYGRAPH_COMPILED_ANSWERS", "sometimes")
    assert refusal() == "TALLYGRAPH_COMPILED_ANSWERS is neither on nor off: write 1 or 0."


def test_what_is_set_to_nothing_is_not_set(monkeypatch: pytest.MonkeyPatch):
    for name in ("DATABASE_URL", "BROKER_URL", "TALLYGRAPH_ADMIN_TOKEN", "TALLYGRAPH_DATA_DIR"):
        monkeypatch.setenv(name, "")
    assert Settings.from_environment() == Settings(Path("data").absolute())


def test_an_option_goes_before_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TALLYGRAPH_DATA_DIR", "/elsewhere")
    assert Settings.from_environment(tmp_path).data_dir == tmp_path


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_READ_URL", "DATABASE_DIRECT_URL"])
@pytest.mark.parametrize(
    "url",
    [
        "mysql://me:secret@db/figures",
        "secret",
        "postgresql://me:secret@db:port/figures",
        "postgresql://me:secret@db/figures?colour=blue",
        "postgresql://me:sec#ret/secret@db/figures",
        "postgresql://me:sec/ret@db/figures",
        "postgresql://me:12/secret@db/figures",
        "postgresql://me:sec@ret@db/figures",
    ],
)
def test_a_wrong_url_is_told_without_any_part_of_its_password(name: str, url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(name, url)
    assert refusal() == f"{name} {NOT_A_URL}"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s%40cr%2Ft@db/figures",
        "postgres://db",
        "postgresql:///figures?host=/run/postgresql&port=5433",
        "postgresql://one:5432,two:5433/figures",
        "host=db dbname=figures",
    ],
)
def test_every_way_to_write_a_url_is_good(url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", url)
    assert Settings.from_environment().database_url == url


def test_a_standby_of_nothing_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_READ_URL", "postgresql://db/figures")
    assert refusal() == "DATABASE_READ_URL or DATABASE_DIRECT_URL is set and DATABASE_URL is not: set that, too."


def test_a_secret_is_made_at_the_first_start_and_kept(tmp_path: Path):
    secret = Settings(tmp_path / "data").secret()
    assert len(secret) == 64
    assert Settings(tmp_path / "data").secret() == secret
    assert stat.S_IMODE((tmp_path / "data" / "secret.key").stat().st_mode) == 0o600
    assert Settings(tmp_path / "data", secret_key="a key that was given").secret() == b"a key that was given"


def test_a_secret_that_is_too_short_is_told(tmp_path: Path):
    told = refusal(Settings(tmp_path, secret_key="too short"))
    assert told == "The secret in TALLYGRAPH_SECRET_KEY is too short: it needs 16 bytes or more."
    (tmp_path / "secret.key").touch()
    assert refusal(Settings(tmp_path)) == f"The secret in {tmp_path}/secret.key is too short: it needs 16 bytes or more."


def test_exports_lie_in_a_folder(tmp_path: Path):
    assert Settings(tmp_path, export_store_url="file:///srv/our%20exports").export_folder == Path("/srv/our exports")


@pytest.mark.parametrize("url", ["s3://key:secret@bucket", "file://host/folder", "file:folder", "/folder"])
def test_another_store_is_told_without_its_keys(tmp_path: Path, url: str):
    with pytest.raises(SettingError) as caught:
        _ = Settings(tmp_path, export_store_url=url).export_folder
    assert str(caught.value) == "EXPORT_STORE_URL is not a folder of this machine: write file:///some/folder."


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("kafka://me:secret@broker", "BROKER_URL begins with kafka://; use amqp://, amqps://, redis:// or rediss://."),
        ("amqp://me:secret@broker:port/", "BROKER_URL cannot be understood: write amqp://user:password@host:5672/ or redis://host:6379/0."),
        (
            "redis://me:secret@broker:port/",
            "BROKER_URL cannot be understood: write amqp://user:password@host:5672/ or redis://host:6379/0.",
        ),
    ],
)
def test_a_wrong_broker_is_told_without_its_password(tmp_path: Path, url: str, told: str):
    with pytest.raises(SettingError) as caught:
        broker_of(Settings(tmp_path, broker_url=url))
    assert str(caught.value) == told
