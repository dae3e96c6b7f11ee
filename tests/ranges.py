"""A small file server for players in tests: byte ranges, several folders, and a Clear Key licence."""

import json
import mimetypes
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

TYPES = {".m3u8": "application/vnd.apple.mpegurl", ".mpd": "application/dash+xml", ".vtt": "text/vtt"}
LICENCE = "/licence"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *rest: Any, folders: Mapping[str, Path], keys: Mapping[str, str]) -> None:
        self.folders, self.keys = folders, keys
        super().__init__(*rest)

    def do_GET(self) -> None:
        _, mount, *path = self.path.partition("?")[0].split("/")
        file = self.folders.get(mount, Path("/nowhere")).joinpath(*path)
        if ".." in path or not file.is_file():
            self._answer(404, b"", "text/plain")
            return
        data = file.read_bytes()
        kind = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not asked:
            self._answer(200, data, kind)
            return
        start, end = int(asked[1]), min(int(asked[2] or len(data) - 1), len(data) - 1)
        self._answer(206, data[start : end + 1], kind, f"bytes {start}-{end}/{len(data)}")

    def do_POST(self) -> None:
        """All keys there are (W3C Encrypted Media Extensions, 9.1.4), for hls.js asks for the first alone."""
        self.rfile.read(int(self.headers["Content-Length"]))
        found = [{"kty": "oct", "kid": kid, "k": key} for kid, key in self.keys.items()]
        self._answer(200, json.dumps({"keys": found, "type": "temporary"}).encode(), "application/json")

    def _answer(self, status: int, data: bytes, kind: str, part: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Accept-Ranges", "bytes")
        if part:
            self.send_header("Content-Range", part)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *told: Any) -> None: ...


@contextmanager
def serving(folders: Mapping[str, Path], keys: Mapping[str, str]) -> Iterator[str]:
    """The address of a server whose first part of the path chooses the folder. `keys`: base64url by id."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, folders=folders, keys=keys))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
