"""The storage of assets: a folder and an S3 server keep the same promises."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.core.files.storage import storages

from apps.media import origin
from apps.media.origin import Corrupt
from ottsite.object_storage import PART

from .buckets import bucket_at

LARGE = PART + 3_000_000  # more than one part


@pytest.fixture(params=["folder", "s3"])
def storage(request: Any, settings: Any, tmp_path: Path) -> Any:
    settings.MEDIA_ROOT = tmp_path / "media"
    if request.param == "folder":
        return storages["default"]
    settings.STORAGES = settings.STORAGES | {"default": bucket_at(request.getfixturevalue("s3"))}
    made: Any = storages["default"]
    made.bucket.create()
    return made


def file_of(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / f"made-{uuid4()}"
    path.write_bytes(data)
    return path


def test_what_was_put_is_there_whole_and_the_file_is_gone(storage: Any, tmp_path: Path) -> None:
    data = bytes(range(256)) * (LARGE // 256)
    made = file_of(tmp_path, data)
    key = origin.package_prefix(uuid4(), uuid4()) + "v720.mp4"

    stored = origin.put(made, key)

    assert not made.exists()
    assert (stored.key, stored.size, storage.size(key)) == (key, len(data), len(data))
    back = tmp_path / "back"
    origin.fetch(key, back, expect=stored.sha256)
    assert back.read_bytes() == data


def test_putting_the_same_again_after_a_kill_is_no_mistake(storage: Any, tmp_path: Path) -> None:
    key = origin.master_key(uuid4().hex * 2)
    first = origin.put(file_of(tmp_path, b"master"), key)

    assert origin.put(file_of(tmp_path, b"master"), key) == first


def test_nothing_is_ever_written_over(storage: Any, tmp_path: Path) -> None:
    key = origin.master_key(uuid4().hex * 2)
    origin.put(file_of(tmp_path, b"the first"), key)
    second = file_of(tmp_path, b"something")

    with pytest.raises(FileExistsError):
        origin.put(second, key)

    assert second.exists()
    assert storage.open(key).read() == b"the first"


def test_what_is_not_what_was_put_is_not_handed_out(storage: Any, tmp_path: Path) -> None:
    key = origin.master_key(uuid4().hex * 2)
    stored = origin.put(file_of(tmp_path, b"master"), key)
    storage.delete(key)
    origin.put(file_of(tmp_path, b"mAster"), key)
    back = tmp_path / "back"

    with pytest.raises(Corrupt):
        origin.fetch(key, back, expect=stored.sha256)

    assert not back.exists()


def test_a_prefix_is_swept_and_its_neighbours_stay(storage: Any, tmp_path: Path) -> None:
    asset, making, other = uuid4(), uuid4(), uuid4()
    for name in ("v144.mp4", "a_en.mp4", "thumbs/1.jpg"):
        origin.put(file_of(tmp_path, name.encode()), origin.package_prefix(asset, making) + name)
    kept = origin.package_prefix(asset, other) + "v144.mp4"
    origin.put(file_of(tmp_path, b"x"), kept)

    assert origin.sweep(origin.package_prefix(asset, making)) == 3
    assert origin.sweep(origin.package_prefix(asset, making)) == 0

    assert storage.exists(kept)


def test_addresses_of_s3_are_signed_in_the_present_way(s3: str) -> None:
    made = storages.create_storage(bucket_at(s3))

    url = urlsplit(made.url("x"))

    assert url.path == f"/{made.bucket_name}/x"  # type: ignore[attr-defined]
    assert "X-Amz-Signature=" in url.query
