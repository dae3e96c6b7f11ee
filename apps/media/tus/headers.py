"""The headers of tus 1.0: what they say, or a refusal that names the one that is wrong."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from apps.core.errors import DomainError, InvalidField
from apps.media.models import Upload
from apps.media.services.uploads import Announced

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,checksum,expiration"
ALGORITHMS = ("sha1", "sha256")
BYTES = "application/offset+octet-stream"
LONGEST_METADATA = 8_192
# Of what may be in Upload-Metadata, what we know; senders add things of their own.
FLAGS = ("described", "forced", "sdh")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,4})?", re.ASCII)


class UnsupportedVersion(DomainError):
    code = "unsupported_version"
    status = 412
    detail = f"Send Tus-Resumable: {VERSION}."

    def __init__(self) -> None:
        super().__init__()
        self.headers = {"Tus-Version": VERSION}


class WrongType(DomainError):
    code = "unsupported_media_type"
    status = 415
    detail = f"Bytes are sent as {BYTES}."


def demand_version(headers: Mapping[str, str]) -> None:
    if headers.get("Tus-Resumable") != VERSION:
        raise UnsupportedVersion


def number(headers: Mapping[str, str], name: str) -> int:
    """A number of bytes. Raises `InvalidField`."""
    text = headers.get(name)
    if text is None:
        raise InvalidField(name, "required", "This header is needed.")
    if not re.fullmatch(r"[0-9]{1,18}", text, re.ASCII):
        raise InvalidField(name, "invalid", "A number of bytes.")
    return int(text)


def announced(headers: Mapping[str, str]) -> Announced:
    """The file that is going to be sent. Raises `InvalidField`."""
    if "Upload-Defer-Length" in headers:
        raise InvalidField(
            "Upload-Defer-Length",
            "unsupported",
            "Say with Upload-Length how long the file is; we cannot wait.",
        )
    size = number(headers, "Upload-Length")
    told = metadata(headers.get("Upload-Metadata", ""))
    role = _text(told, "role") or Upload.Role.MASTER
    if role not in Upload.Role.values:
        raise InvalidField("role", "invalid_choice", f"One of {', '.join(Upload.Role.values)}.")
    language = _text(told, "language")
    if language and not LANGUAGE.fullmatch(language):
        raise InvalidField("language", "invalid", "A language as BCP 47 writes it, such as hi or pt-BR.")
    # What has no filename is called like its type by some senders.
    filename = told.get("filename") or told.get("name") or b"upload"
    flags = {name: _flag(told, name) for name in FLAGS}
    return Announced(_decoded(filename), size, role, _id(told, "asset"), language, **flags)


def metadata(header: str) -> dict[str, bytes]:
    """`Upload-Metadata`: pairs of a key and a value in Base64, with commas between. Raises `InvalidField`."""
    if len(header) > LONGEST_METADATA:
        raise InvalidField("Upload-Metadata", "max_length", f"At most {LONGEST_METADATA} characters.")
    found: dict[str, bytes] = {}
    for pair in filter(None, (one.strip() for one in header.split(","))):
        key, _, value = pair.partition(" ")
        if key in found or not key.isascii() or not key.isprintable():
            raise InvalidField("Upload-Metadata", "invalid", "Each key once, in ASCII.")
        found[key] = _unbased(value, "Upload-Metadata")
    return found


def written(upload: Upload) -> str:
    """What we took of its metadata, as `Upload-Metadata`."""
    told: dict[str, Any] = {"filename": upload.filename, "role": upload.role}
    if upload.asset is not None:
        told["asset"] = upload.asset.public_id
    if upload.language:
        told["language"] = upload.language
    told |= {name: "true" for name in FLAGS if getattr(upload, name)}
    return ",".join(f"{key} {base64.b64encode(str(value).encode()).decode()}" for key, value in told.items())


def checksum(headers: Mapping[str, str]) -> "tuple[hashlib._Hash, bytes] | None":
    """What to check a piece with, and what must come out. Raises `InvalidField`."""
    header = headers.get("Upload-Checksum")
    if header is None:
        return None
    algorithm, _, value = header.partition(" ")
    if algorithm not in ALGORITHMS:
        raise InvalidField("Upload-Checksum", "unsupported", f"One of {', '.join(ALGORITHMS)}.")
    digest = hashlib.new(algorithm, usedforsecurity=False)
    expected = _unbased(value, "Upload-Checksum")
    if len(expected) != digest.digest_size:
        raise InvalidField("Upload-Checksum", "invalid", f"That is no {algorithm} in Base64.")
    return digest, expected


def _unbased(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidField(name, "invalid", "A value is not Base64.") from error


def _decoded(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _text(told: Mapping[str, bytes], name: str) -> str:
    return _decoded(told.get(name, b"")).strip()


def _flag(told: Mapping[str, bytes], name: str) -> bool:
    """A key alone says yes; so do "true" and "1"."""
    value = _text(told, name).lower()
    if value not in {"", "true", "false", "1", "0"}:
        raise InvalidField(name, "invalid", "true or false.")
    return name in told and value not in {"false", "0"}


def _id(told: Mapping[str, bytes], name: str) -> UUID | None:
    text = _text(told, name)
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidField(name, "invalid", "The id of a video.") from error
