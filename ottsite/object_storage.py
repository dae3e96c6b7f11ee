"""Files in a bucket that speaks S3."""

from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from storages.backends.s3 import S3Storage

PART = 16 * 1024 * 1024  # bytes of one part of a multipart upload


class BucketStorage(S3Storage):
    """django-storages' S3, with what we rely on: nothing is written over, and what arrives is compared.

    Options beside django-storages' own: `addressing_style`, `path` or `virtual`.
    """

    def __init__(self, addressing_style: str = "path", **options: Any) -> None:
        made = {
            # A name that is taken becomes another one.
            "file_overwrite": False,
            # The server compares what arrived with what was sent, part by part.
            "object_parameters": {"ChecksumAlgorithm": "SHA256"},
            "transfer_config": TransferConfig(multipart_threshold=PART, multipart_chunksize=PART),
            "client_config": Config(
                # django-storages would sign addresses in the old way (SigV2) by default.
                signature_version="s3v4",
                s3={"addressing_style": addressing_style},
                retries={"mode": "standard", "max_attempts": 5},
                connect_timeout=5,
                read_timeout=30,
            ),
        }
        super().__init__(**made | options)
