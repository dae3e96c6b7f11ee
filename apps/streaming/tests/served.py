"""What a session is served, and by which addresses."""

import re
from dataclasses import replace
from typing import Any

from django.test import Client

from apps.streaming.tokens import MediaClaims, read_media

Answer = dict[str, Any]


def get(url: str, **headers: str) -> Any:
    return Client(raise_request_exception=True).get(url, headers=headers)


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def addresses(told: str) -> list[str]:
    """Every address on the site within a manifest."""
    return re.findall(r"/vod/[^\s\"<>]+", told)


def claims_of(answer: Answer, **changes: Any) -> MediaClaims:
    return replace(read_media(token_of(answer)), **changes)


def token_of(answer: Answer) -> str:
    return str(answer["hls_url"].split("/")[2])


def reached(answer: Answer) -> dict[str, Any]:
    """All that a player finds, beginning at both manifests, by name."""
    found: dict[str, Any] = {}
    todo = [answer["hls_url"], answer["dash_url"], answer["thumbnails_url"]]
    while todo:
        url = todo.pop()
        got = get(url)
        assert got.status_code == 200, (url, got.content)
        data = found[url.rpartition("/")[2]] = body(got)
        if url.endswith((".m3u8", ".mpd")):
            told = data.decode().replace("$Number$", "1")
            near = [line for line in told.split("\n") if line and line[0] not in "#<" and line[0] != "/"]
            near = [one.strip() for one in near if "<" not in one] if url.endswith(".m3u8") else []
            urls = addresses(told) + [url.rpartition("/")[0] + "/" + one for one in near]
            todo += [one for one in dict.fromkeys(urls) if one.rpartition("/")[2] not in found]
    return found
