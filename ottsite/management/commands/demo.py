"""`manage.py demo`: everything a laptop needs for a running site, in one process group."""

import logging
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from apps.accounts.management.commands.demo_accounts import ACCOUNTS, PASSWORD
from ottsite.engines.processes import die_with
from ottsite.management.commands.web import refuse_taken

FIXTURES = ["groups"]
READY_WITHIN_S = 30
CATALOGUE = "demo_catalogue"


class Command(BaseCommand):
    help = (
        "Migrate, make the demo accounts that are missing, run the worker and the web server, and meanwhile "
        "make films for the demo's titles, which go live one after the other."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo is for development: it creates accounts with a known password.")
        refuse_taken("127.0.0.1", options["port"])
        # The servers log; this process only says how far it is.
        logging.disable(logging.INFO)
        self._step("Database", lambda: call_command("migrate", verbosity=0))
        self._step("Fixtures", lambda: call_command("loaddata", *FIXTURES, verbosity=0))
        self._step("Accounts", lambda: call_command("demo_accounts", verbosity=0))
        self._step("Plans", lambda: call_command("demo_plans", verbosity=0))
        self._serve(options["port"])

    def _step(self, name: str, run: Callable[[], Any]) -> None:
        self.stdout.write(f"  {name:<10}", ending="")
        self.stdout.flush()
        started = time.monotonic()
        run()
        self.stdout.write(f"done in {time.monotonic() - started:.1f} s")

    def _serve(self, port: int) -> None:
        environ = os.environ | {
            "SITE_URL": os.environ.get("SITE_URL", f"http://127.0.0.1:{port}"),
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
        }
        commands = {"worker": ["worker"], "web": ["web", "--port", str(port)]}
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        children = {name: start(command, environ) for name, command in commands.items()}
        try:
            self._await_ready(port, children)
            self._welcome(environ["SITE_URL"])
            children[CATALOGUE] = start([CATALOGUE], environ)
            while True:
                time.sleep(0.5)
                self._heed_catalogue(children)
                for name in [name for name, child in children.items() if child.poll() is not None]:
                    self.stderr.write(f"The {name} process ended; starting it again.")
                    time.sleep(1)
                    children[name] = start(commands[name], environ)
        except KeyboardInterrupt:
            self.stdout.write("\nStopping …")
        finally:
            stop(children.values())

    def _heed_catalogue(self, children: dict[str, "subprocess.Popen[bytes]"]) -> None:
        """It ends by itself when every title is where it belongs."""
        child = children.get(CATALOGUE)
        if child is None or child.poll() is None:
            return
        del children[CATALOGUE]
        if child.returncode:
            self.stderr.write("The catalogue is not complete. The next start of the demo goes on with it.")
        else:
            self.stdout.write("  The catalogue is complete.")
            self.stdout.flush()

    def _await_ready(self, port: int, children: dict[str, "subprocess.Popen[bytes]"]) -> None:
        ends_at = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < ends_at:
            if children["web"].poll() is not None:
                raise CommandError("The web server did not start.")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise CommandError(f"The web server was not ready within {READY_WITHIN_S} s.")

    def _welcome(self, url: str) -> None:
        lines = [
            "",
            f"  ottsite runs at  {url}/",
            f"  Newsroom         {url}/admin/",
            f"  API              {url}/api/docs/",
            f"  Mail it sends    {settings.VAR_DIR / 'mail'}",
            "",
            f"  Sign in with (password {PASSWORD}):",
            *(f"    {account.email:<26} {account.what}" for account in ACCOUNTS),
            "",
            "  Ctrl-C stops it; the data stays. The first start makes short films for the titles and encodes",
            "  them, which takes a minute or two; each title goes live when its film is ready.",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def start(command: list[str], environ: dict[str, str]) -> "subprocess.Popen[bytes]":
    """A child in a group of its own, so that Ctrl-C reaches it by way of us; the kernel ends it with us."""
    here = os.getpid()
    return subprocess.Popen(
        [sys.executable, "manage.py", *command],
        env=environ,
        cwd=settings.BASE_DIR,
        start_new_session=True,
        preexec_fn=lambda: die_with(here, signal.SIGTERM),  # noqa: PLW1509 no other threads fork
    )


def stop(children: Iterable["subprocess.Popen[bytes]"]) -> None:
    running = [child for child in children if child.poll() is None]
    for child in running:
        child.terminate()
    for child in running:
        try:
            child.wait(timeout=15)
        except subprocess.TimeoutExpired:
            child.kill()
