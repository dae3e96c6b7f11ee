"""`python -m benchmarks.manifests`: what a manifest of a long film costs a player who asks for it.

Two hours in six rungs, two sounds and two subtitles, in segments of four seconds. Each manifest goes through
the whole WSGI application of this process, `cold`, for a film of which the process remembers nothing, and
`warm`. Milliseconds of CPU time of this thread, median and worst; what PostgreSQL works is none of it.
"""

import argparse
import io
import os
import sys
from collections.abc import Callable
from statistics import median
from time import thread_time
from typing import Any
from uuid import uuid4

from benchmarks.measuring import manage
from benchmarks.run import place
from ottsite import engines

HOURS, SEGMENT_S, SCALE = 2, 4, 12_800
RUNGS = {144: 200_000, 240: 400_000, 360: 800_000, 480: 1_400_000, 720: 2_800_000, 1080: 5_000_000}
LANGUAGES = ("en", "hi")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.manifests", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    with place(None) as var, engines.running(var / "engines", grace=5) as urls:
        environ = urls | {"OTTSITE_VAR": str(var), "LOG_LEVEL": "WARNING", "DEBUG": "off"}
        os.environ.update(environ)
        manage(["migrate", "-v0"], environ)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ottsite.settings")
        from ottsite.wsgi import application

        for protection in ("", "cbcs"):
            paths = film(protection)
            for name, path in paths(application).items():
                cold = [cost(application, path, anew=True) for _ in range(rounds)]
                warm = [cost(application, path, anew=False) for _ in range(rounds)]
                report(f"{protection or 'clear'} {name}", cold, warm)


def report(name: str, cold: list[float], warm: list[float]) -> None:
    sys.stdout.write(
        f"{name:<24} cold {median(cold):6.2f} ms, worst {max(cold):6.2f}"
        f"   warm {median(warm):6.2f} ms, worst {max(warm):6.2f}\n"
    )


def film(protection: str) -> Callable[[Any], dict[str, str]]:
    """A film that plays; the answer finds the addresses that its manifests tell, by names."""
    from apps.media.models import Asset, AudioTrack, ContentKey, Rendition, SubtitleTrack
    from apps.streaming.store import leases
    from apps.streaming.tokens import MediaClaims, media_token

    prefix = f"assets/{uuid4()}/x/"
    sheets = {
        "count": 720, "width": 160, "height": 90, "every_ms": 10_000, "duration_ms": HOURS * 3_600_000,
        "peak_size": 90_000,
    }  # fmt: skip
    asset = Asset.objects.create(
        name="Long", state="ready", duration_ms=HOURS * 3_600_000, prefix=prefix, protection=protection,
        thumbnails=sheets,
    )  # fmt: skip
    for height, bps in RUNGS.items():
        rung = Rendition(asset=asset, height=height, frame_rate="25", key=f"{prefix}v{height}.mp4", size=1)
        rung.lay_out(index(bps, height))
        rung.save()
    for language in LANGUAGES:
        sound = AudioTrack(asset=asset, language=language, key=f"{prefix}a-{language}.mp4", size=1)
        sound.lay_out(index(128_000, 0))
        sound.save()
        SubtitleTrack.objects.create(
            asset=asset, language=language, key=f"{prefix}t-{language}.vtt", size=90_000
        )
    if protection:
        for label in ContentKey.Label.values:
            ContentKey.objects.create(asset=asset, label=label, kid=uuid4(), wrapped=b"x")
    session, account = str(uuid4()), str(uuid4())
    leases.start(account, session, limit=1)
    token = media_token(
        MediaClaims(session, account, str(uuid4()), str(asset.public_id), 0, None, "IN", 2**33)
    )
    return lambda application: addresses(application, token)


def index(bps: int, height: int) -> Any:
    """Of a track of so many bits a second, whose segments differ."""
    from apps.media.cmaf import Index

    mean = bps * SEGMENT_S // 8
    rows = [
        [SEGMENT_S * SCALE, mean * (80 + n * 7919 % 41) // 100, mean // 10 if height else 400]
        for n in range(HOURS * 3600 // SEGMENT_S)
    ]
    codecs = "avc1.640028" if height else "mp4a.40.2"
    shape = {"width": height * 16 // 9, "height": height, "channels": 0 if height else 2, "rate": 48_000}
    sizes = {"timescale": SCALE, "init_size": 900, "sidx_size": 21_632}
    return Index.from_json({**sizes, **shape, "codecs": codecs, "fragments": rows})


def addresses(application: Any, token: str) -> dict[str, str]:
    found = {"master": f"/play/{token}/master.m3u8", "MPD": f"/play/{token}/manifest.mpd"}
    for line in asked(application, found["master"]).decode().splitlines():
        uri = line if line.startswith("/") else line.partition('URI="')[2].partition('"')[0]
        name = uri.rpartition("/")[2]
        if uri and not uri.startswith("/play/"):
            found[name] = uri
    chosen = ("master", "MPD", "v1080.m3u8", "a-en.m3u8", "t-en.m3u8", "v1080-frames.m3u8", "thumbs.m3u8")
    return {name: found[name] for name in chosen}


def asked(application: Any, path: str) -> bytes:
    told: list[Any] = []
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "127.0.0.1",
        "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
    }  # fmt: skip
    answer = application(environ, lambda status, headers, exc=None: told.append(status))
    body = b"".join(answer)
    answer.close()
    if told != ["200 OK"]:
        sys.exit(f"{path}: {told} {body[:300]!r}")
    return body


def cost(application: Any, path: str, *, anew: bool) -> float:
    """Milliseconds of CPU."""
    from apps.streaming.services import liveness, manifests, shelves

    if anew:
        shelves.forget()
        liveness.forget()
        for remembered in (shelves.written, manifests._hls, manifests._dash):
            remembered.cache_clear()
    began = thread_time()
    asked(application, path)
    return (thread_time() - began) * 1000


if __name__ == "__main__":
    main()
