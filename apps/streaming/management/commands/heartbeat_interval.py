"""How often players tell where they are: looked at, stretched under load, and put back."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.streaming.store.leases import LONGEST_S, SHORTEST_S, interval, stretch


class Command(BaseCommand):
    help = "Seconds between two heartbeats of a player. Each player learns of a change with its next beat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "seconds", nargs="?",
            help=f"{SHORTEST_S} to {LONGEST_S}, or `default` for HEARTBEAT_INTERVAL_S; none: only tell",
        )  # fmt: skip

    def handle(self, *args: Any, seconds: str | None, **options: Any) -> None:
        if seconds == "default":
            stretch(None)
        elif seconds is not None:
            if not seconds.isdecimal() or not SHORTEST_S <= int(seconds) <= LONGEST_S:
                raise CommandError(f"{SHORTEST_S} to {LONGEST_S} seconds, or `default`.")
            stretch(int(seconds))
        self.stdout.write(f"Players beat every {interval()} s.")
