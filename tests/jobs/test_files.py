import os
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest

from jobs.files import FileStore, StoredFile

EXPORT, OTHER = UUID(int=1), UUID(int=2)


def finished(store: FileStore, export_id: UUID, attempt: int, content: bytes = b"rows") -> StoredFile:
    store.begin(export_id, attempt, "XLSX").write_bytes(content)
    return store.finish(export_id, attempt, "XLSX")


def test_a_file_appears_when_it_is_whole(store: FileStore):
    part = store.begin(EXPORT, 1, "XLSX")
    part.write_bytes(b"rows")
    assert not store.path(EXPORT, 1, "XLSX").exists()
    assert store.finish(EXPORT, 1, "XLSX") == StoredFile(4, sha256(b"rows").hexdigest())
    assert store.path(EXPORT, 1, "XLSX").read_bytes() == b"rows"
    assert not part.exists()


def test_attempts_do_not_overwrite_each_other(store: FileStore):
    finished(store, EXPORT, 2, b"second")
    finished(store, EXPORT, 1, b"first, late")
    assert store.path(EXPORT, 2, "XLSX").read_bytes() == b"second"


def test_what_a_killed_attempt_left_goes_when_a_later_one_is_finished(store: FileStore):
    store.begin(EXPORT, 1, "PARQUET").write_bytes(b"half of the ro")
    finished(store, EXPORT, 2)
    assert [path.name for path in store.path(EXPORT, 2, "XLSX").parent.iterdir()] == ["2.xlsx"]


def test_nothing_is_finished_of_an_export_that_was_deleted_meanwhile(store: FileStore):
    store.begin(EXPORT, 1, "XLSX").write_bytes(b"rows")
    store.delete(EXPORT)
    with pytest.raises(FileNotFoundError):
        store.finish(EXPORT, 1, "XLSX")


def test_discarding_leaves_the_files_of_other_attempts(store: FileStore):
    finished(store, EXPORT, 1)
    store.begin(EXPORT, 2, "XLSX").write_bytes(b"half of the ro")
    store.discard(EXPORT, 2, "XLSX")
    assert [path.name for path in store.path(EXPORT, 1, "XLSX").parent.iterdir()] == ["1.xlsx"]


def test_leftovers_are_swept_when_they_are_old(store: FileStore):
    finished(store, EXPORT, 1)
    finished(store, OTHER, 1)
    os.utime(store.path(EXPORT, 1, "XLSX").parent, (0, 0))
    store.sweep(timedelta(days=8))
    assert [path.name for path in store.root.iterdir()] == [str(OTHER)]


def test_a_folder_that_is_not_there_yet_has_nothing_to_sweep(tmp_path: Path):
    FileStore(tmp_path / "later").sweep(timedelta(days=8))
    assert not (tmp_path / "later").exists()
