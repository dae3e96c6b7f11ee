"""`manage.py web`: serves the site with granian."""

import os
import socket
import sys
import tempfile
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Serve the site with granian (WSGI, threads) until SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        port = int(os.environ.get("PORT", "8000"))
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=port, help=f"default {port}, from PORT")
        parser.add_argument(
            "--workers", type=int, default=1, help="processes; one for each core in production"
        )
        parser.add_argument("--threads", type=int, default=16, help="requests at once in each process")

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_taken(options["host"], options["port"])
        if not settings.PRODUCTION:
            # Filled by collectstatic in production; elsewhere files are served from where they lie.
            settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        if options["workers"] > 1:
            os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="ottsite-metrics-"))
        command = [
            sys.executable, "-m", "granian",
            "--interface", "wsgi",
            "--host", options["host"],
            "--port", str(options["port"]),
            "--workers", str(options["workers"]),
            "--blocking-threads", str(options["threads"]),
            "--backpressure", str(options["threads"] * 8),
            "--no-ws",
            "--respawn-failed-workers",
            "--workers-kill-timeout", "10",
            "--log-level", "error",
            "ottsite.wsgi:application",
        ]  # fmt: skip
        os.execv(sys.executable, command)  # noqa: S606 an argv of ours


def refuse_taken(host: str, port: int) -> None:
    """granian would share a taken port with whoever has it (SO_REUSEPORT), requests and all."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {host} port {port} ({error.strerror}). Set PORT."
            ) from error
