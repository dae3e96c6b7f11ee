"""Files in a bucket that speaks S3. Nothing else of the site knows by which library."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)
from storages.backends.s3 import S3Storage
from urllib3.exceptions import HTTPError

PART = 16 * 1024 * 1024  # bytes of one part of a multipart upload
IN_MEMORY = 8 * 1024 * 1024
# Tries of a request, and how often what is answered may break off.
ATTEMPTS, READS = 6, 5
# How servers say that a body is not what its checksum says, and that there is no such object.
MISMATCHED = {"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"}
MISSING = {"404", "NoSuchKey"}


class BucketStorage(S3Storage):
    """django-storages' S3, with what we rely on: nothing is written over, and what arrives is compared.

    Its errors are those of a file system far away: FileNotFoundError; ConnectionError, if the server did not
    answer, or not well, though it was asked `attempts` times with growing, random waits between; an OSError
    with EBADMSG if bytes were damaged on the way.

    Options beside django-storages' own: `addressing_style`, `path` or `virtual`; `attempts`.
    """

    def __init__(self, addressing_style: str = "path", attempts: int = ATTEMPTS, **options: Any) -> None:
        made = {
            # A name that is taken becomes another one.
            "file_overwrite": False,
            # The server compares what arrived with what was sent, part by part.
            "object_parameters": {"ChecksumAlgorithm": "SHA256"},
            "transfer_config": TransferConfig(multipart_threshold=PART, multipart_chunksize=PART),
            # An opened file is read as a whole; a large one goes to the disk.
            "max_memory_size": IN_MEMORY,
            "client_config": Config(
                # django-storages would sign addresses in the old way (SigV2) by default.
                signature_version="s3v4",
                s3={"addressing_style": addressing_style},
                # Waits up to 1, 2, 4, 8, 16 s, each a random part of it, and fewer while all fails.
                retries={"mode": "standard", "total_max_attempts": attempts},
                connect_timeout=5,
                read_timeout=30,
            ),
        }
        super().__init__(**made | options)

    def fetch(self, name: str, target: IO[bytes]) -> None:
        """Copy the object to a file, in parts side by side; one that breaks off is asked for again."""
        with _answering():
            self.bucket.Object(self._normalize_name(name)).download_fileobj(
                target, Config=self.transfer_config
            )

    def pieces(self, name: str) -> Iterator[bytes]:
        """The object in pieces of some megabytes, one after the other.

        Not by `download_fileobj` to what cannot seek: after a piece that broke off, its bytes are wrong
        (s3transfer 0.19).
        """
        thing = self.bucket.Object(self._normalize_name(name))
        with _answering():
            size = thing.content_length
        for start in range(0, size, PART):
            yield self._piece(thing, f"bytes={start}-{start + PART - 1}")

    def _piece(self, thing: Any, wanted: str) -> bytes:
        with _answering():
            for _ in range(READS - 1):
                # The answer broke off, or is damaged.
                with suppress(HTTPClientError, IncompleteReadError, FlexibleChecksumError):
                    return bytes(thing.get(Range=wanted)["Body"].read())
            return bytes(thing.get(Range=wanted)["Body"].read())

    def sweep(self, under: str) -> int:
        """Delete all objects whose names begin so, with uploads that never ended; how many objects."""
        prefix = self._normalize_name(under)
        with _answering():
            for begun in self.bucket.multipart_uploads.filter(Prefix=prefix):
                begun.abort()
            # One listing, and a request for each thousand.
            answers = self.bucket.objects.filter(Prefix=prefix).delete()
        refused = [one for answer in answers for one in answer.get("Errors", [])]
        if refused:
            raise ConnectionError(f"{len(refused)} objects were not deleted, the first: {refused[0]}")
        return sum(len(answer.get("Deleted", [])) for answer in answers)

    # --- What Django calls -------------------------------------------------------------------------------

    def _open(self, name: str, mode: str = "rb") -> Any:
        with _answering():
            opened = super()._open(name, mode)
            if "r" in mode:
                opened.open()  # downloads it, while errors are ours to tell
        return opened

    def _save(self, name: str, content: Any) -> str:
        with _answering():
            return str(super()._save(name, content))

    def delete(self, name: str) -> None:
        with _answering():
            super().delete(name)

    def exists(self, name: str) -> bool:
        with _answering():
            return bool(super().exists(name))

    def size(self, name: str) -> int:
        with _answering():
            return int(super().size(name))


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except FlexibleChecksumError as error:
        raise OSError(errno.EBADMSG, str(error)) from error
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in MISSING:
            raise FileNotFoundError(errno.ENOENT, str(error)) from error
        if code in MISMATCHED:
            raise OSError(errno.EBADMSG, str(error)) from error
        raise ConnectionError(str(error)) from error
    except (BotoCoreError, Boto3Error, HTTPError) as error:
        raise ConnectionError(str(error)) from error
