"""One storm from its beginning to the auditor's verdict."""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import redis

from . import auditor
from .house import House, house
from .ledger import Content, Ledger
from .viewers import Account, Viewers
from .wire import Wire

EVENTS, DEAD = "ottsite:events", "ottsite:events:dead"
DRAINED_S = 240.0
# docs/operations.md: within the interval of ten seconds, and a moment.
REBUILT_S = 15.0


@dataclass(frozen=True)
class Weather:
    """How hard it blows. `kills` of web servers and workers at random, `engine_kills` of Valkey; MongoDB is
    away from the first to the second part of `absent`; Valkey is emptied once with `flush`."""

    seed: int
    beats: int
    accounts: int
    kills: int
    engine_kills: int = 1
    webs: int = 3
    workers: int = 2
    absent: tuple[float, float] = (0.3, 0.6)
    flush: bool = True
    pause_s: tuple[float, float] = (0.3, 1.5)
    lengths: tuple[int, int] = (20, 100)


@dataclass
class Verdict:
    """`wrong` is what the auditor found; the rest is for people."""

    ledger: Ledger
    wrong: list[str]
    told: dict[str, Any] = field(default_factory=dict)


def storm(weather: Weather, var: Path, say: Callable[[str], None]) -> Verdict:
    say(f"seed {weather.seed}: {weather}")
    with house(var, webs=weather.webs, workers=weather.workers) as site:
        stage = json.loads(site.run("-m", "tests.chaos.stage", str(weather.accounts)))
        site.open()
        return asyncio.run(Storm(weather, site, stage, say).blow())


class Storm:
    def __init__(self, weather: Weather, site: House, stage: Any, say: Callable[[str], None]) -> None:
        self.weather, self.site, self.say = weather, site, say
        self.random = Random(weather.seed)  # noqa: S311
        self.valkey = redis.Redis.from_url(site.urls["REDIS_URL"], decode_responses=True)
        self.viewers = Viewers(
            Wire(list(site.ports.values()), Random(weather.seed + 1)),  # noqa: S311
            Random(weather.seed + 2),  # noqa: S311
            [Account(**one) for one in stage["viewers"]],
            [Content(one["slug"], one["title"], one["episode"], one["next"]) for one in stage["contents"]],
            weather.beats, weather.pause_s, weather.lengths,
        )  # fmt: skip
        self.rebuilt_s: float | None = None
        self.began = time.monotonic()

    @property
    def ledger(self) -> Ledger:
        return self.viewers.ledger

    async def blow(self) -> Verdict:
        playing = asyncio.create_task(self.viewers.play())
        troubles = asyncio.create_task(self._trouble(playing))
        done, _ = await asyncio.wait([playing, troubles], return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
        self.site.mongo.heal()
        self.report("all sent")
        await self._drained()
        self.report("drained")
        wrong = [*self.ledger.wrong, *auditor.documents(self.ledger, self.site.urls["MONGO_URL"])]
        wrong += auditor.concurrency(self.ledger, self.viewers.accounts)
        wrong += await auditor.positions(self.viewers)
        wrong += [f"{n} dead letters"] if (n := await self._ask(self.valkey.xlen, DEAD)) else []
        self.report("audited")
        self.viewers.wire.close()
        return Verdict(self.ledger, wrong, self._told())

    # --- Trouble -----------------------------------------------------------------------------------------

    async def _trouble(self, playing: "asyncio.Task[None]") -> None:
        """What happens when so much of all beats is acknowledged."""
        weather = self.weather
        events: list[tuple[float, Callable[[], Any]]] = [
            (weather.absent[0], self._mongo_goes),
            (weather.absent[1], self._mongo_comes),
        ]
        events += [((n + 0.5) / weather.kills, self._kill) for n in range(weather.kills)]
        events += [
            ((n + 1) / (weather.engine_kills + 1) - 0.05, self._kill_valkey)
            for n in range(weather.engine_kills)
        ]
        if weather.flush:
            events.append(((1 + weather.absent[1]) / 2, self._empty_valkey))
        for part, event in sorted(events, key=lambda one: one[0]):
            while self.ledger.acked < part * weather.beats and not playing.done():
                await asyncio.sleep(0.05)
            await event()

    async def _kill(self) -> None:
        # A few seconds for somebody to be up.
        for _ in range(100):
            if name := await asyncio.to_thread(self.site.kill, self.random):
                break
            await asyncio.sleep(0.2)
        if sum(self.site.killed.values()) % 10 == 0:
            self.report(f"killed {name}")

    async def _kill_valkey(self) -> None:
        await asyncio.to_thread(self.site.kill_engine, "valkey-durable")
        self.report("Valkey was killed")

    async def _mongo_goes(self) -> None:
        self.site.mongo.refuse()
        self.report("MongoDB is away")

    async def _mongo_comes(self) -> None:
        await asyncio.to_thread(self.site.kill_engine, "mongo")
        self.site.mongo.heal()
        self.report("MongoDB was killed, and is back")

    async def _empty_valkey(self) -> None:
        """All leases and positions are lost; so would be what the stream has not carried over: it waits."""
        viewers = self.viewers
        viewers.gate.clear()
        while viewers.wire.busy:
            await asyncio.sleep(0.02)
        # So that who was taken over knows of it: that, too, is lost with Valkey.
        await viewers.beat_within(0.5)
        await self._drained()
        playing = [(one.account, one.id) for one in viewers.live()]
        await self._ask(self.valkey.flushdb)
        began = time.monotonic()
        beating = asyncio.create_task(viewers.beat_within(10))
        while not await self._ask(self._have_leases, playing):
            if time.monotonic() > began + REBUILT_S:
                self.ledger.wrong.append(
                    f"leases of {len(playing)} sessions are not all back in {REBUILT_S} s"
                )
                break
            await asyncio.sleep(0.05)
        self.rebuilt_s = time.monotonic() - began
        await beating
        await self._try_one_more()
        self.report(f"Valkey was emptied; {len(playing)} leases were back after {self.rebuilt_s:.1f} s")
        viewers.gate.set()

    def _have_leases(self, playing: list[tuple[str, str]]) -> bool:
        pipe = self.valkey.pipeline(transaction=False)
        for account, session in playing:
            pipe.zscore(f"{{{account}}}:leases", session)
        return all(score is not None for score in pipe.execute())

    async def _try_one_more(self) -> None:
        """Whoever played on all screens before the leases were lost gets none more now."""
        playing = Counter(one.account for one in self.viewers.live())
        for account in self.viewers.accounts:
            if playing[account.account] == account.limit:
                begun = self.ledger.full
                await self.viewers.start(account, self.viewers.contents[0], "one-more")
                if self.ledger.full == begun:
                    self.ledger.wrong.append(f"{account.email} began one more after leases were rebuilt")

    # --- Telling -----------------------------------------------------------------------------------------

    async def _ask(self, call: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.to_thread(call, *args)

    async def _drained(self) -> None:
        ends_at = time.monotonic() + DRAINED_S
        while await self._ask(self.valkey.xlen, EVENTS):
            if time.monotonic() > ends_at:
                self.ledger.wrong.append(f"the stream is not empty after {DRAINED_S} s")
                return
            await asyncio.sleep(0.2)

    def report(self, what: str) -> None:
        at, killed = time.monotonic() - self.began, dict(self.site.killed)
        self.say(f"{at:6.1f} s  {what}: {self.ledger.acked} acknowledged, {killed}")

    def _told(self) -> dict[str, Any]:
        ledger, wire = self.ledger, self.viewers.wire
        return {
            "seconds": round(time.monotonic() - self.began),
            "sessions": len(ledger.played),
            "acknowledged": ledger.acked,
            "sent": ledger.sent,
            "sent again after an answer": ledger.repeated,
            "without an answer": wire.unanswered,
            "503 or 429": wire.unavailable,
            "in doubt for good": sum(len(one.doubtful) for one in ledger.played),
            "refused, 410": ledger.refused,
            "no stream free": ledger.full,
            "taken over": ledger.taken_over,
            "refused though there was room": len(ledger.ghosts),
            "leases back after s": self.rebuilt_s and round(self.rebuilt_s, 1),
            "killed": dict(self.site.killed),
        }


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
