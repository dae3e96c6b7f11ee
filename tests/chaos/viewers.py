"""Viewers who play over HTTP: always one more than may, out of order, twice, with positions that cannot be.

Each request is repeated until it is answered, with the same body and key, as docs/api.md asks of players.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from .ledger import Content, Ledger, Played, Told
from .wire import Answer, Wire

API = "/api/v1"
SESSIONS = f"{API}/playback/sessions"
HANDS = 3
LEASE_S = 45.0
# A try that nobody waits for any more may still be served, and renew a lease.
LINGERS_S = 15.0
LATE = 100_000


@dataclass
class Account:
    """One viewer with one profile; `live` are the sessions that may hold a stream, as far as it knows."""

    email: str
    password: str
    account: str
    profile: str
    limit: int
    access: str = ""
    live: dict[str, Played] = field(default_factory=dict)
    gone: list[float] = field(default_factory=list)
    # One start at a time, so that the order of sessions is known.
    starts: asyncio.Lock = field(default_factory=asyncio.Lock)

    def may_hold(self, now: float) -> int:
        """Sessions that play, and players that vanished without a word while their leases last."""
        self.gone = [at for at in self.gone if at + LEASE_S + LINGERS_S > now]
        return len(self.live) + len(self.gone)


@dataclass
class Viewers:
    """`beats` of them in all; `pause_s` between two of one session's hands; `places` out of turn."""

    wire: Wire
    random: Random
    accounts: list[Account]
    contents: list[Content]
    beats: int
    pause_s: tuple[float, float] = (0.3, 1.5)
    lengths: tuple[int, int] = (20, 100)
    places: int = 60
    ledger: Ledger = field(default_factory=Ledger)
    planned: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def play(self) -> None:
        """Until all beats are sent. Stands still while `gate` is not set."""
        self.gate.set()
        await asyncio.gather(*(self.sign_in(one) for one in self.accounts))
        await asyncio.gather(*(self._device(one, n) for one in self.accounts for n in range(one.limit + 1)))

    async def sign_in(self, account: Account) -> None:
        given = {"email": account.email, "password": account.password}
        told = await self.wire.until_answered("POST", f"{API}/auth/login", given)
        path = f"{API}/profiles/{account.profile}/select"
        told = await self.wire.until_answered("POST", path, {}, token=told.body["access"])
        account.access = told.body["access"]

    async def asked(
        self, account: Account, method: str, path: str, body: Any = None, key: str = ""
    ) -> Answer:
        """As somebody who signs in again when the access token is over."""
        while True:
            token = account.access
            answer = await self.wire.until_answered(method, path, body, token=token, key=key)
            if answer.status != 401:
                return answer
            if token == account.access:
                await self.sign_in(account)

    async def _device(self, account: Account, number: int) -> None:
        while self.planned < self.beats:
            await self.gate.wait()
            played = await self.start(account, self.random.choice(self.contents), f"device-{number}")
            if played is None:
                await asyncio.sleep(self.random.uniform(1, 4))
            else:
                played.plan = self._plan()
                await self._watch(account, played)

    # --- Starting ----------------------------------------------------------------------------------------

    async def start(self, account: Account, content: Content, device: str) -> Played | None:
        """A session, if there is room; now and then by taking over another's."""
        body = self.wanted(content, device)
        async with account.starts:
            # Nothing of the account can begin meanwhile, so there are no more when it is answered.
            held = account.may_hold(asyncio.get_running_loop().time())
            answer = await self.begun(account, body)
            if answer.status == 409:
                self.ledger.full += 1
                if held < account.limit:
                    self.ledger.ghosts.append(
                        f"{account.email}: {held} of {account.limit} play, and none may begin: {answer.body}"
                    )
                if self.random.random() < 0.7:
                    return None
                victim = self.random.choice(answer.body["sessions"])
                answer = await self.begun(account, {**body, "terminate": victim["terminate"]})
                if answer.status == 409:
                    return None
                # Whether the victim had to go it learns itself: room may have come up meanwhile.
            if answer.status != 201:
                self.ledger.wrong.append(f"start was answered {answer.status}: {answer.body}")
                return None
            played = self.ledger.begin(answer, answer.body, account.account, account.profile, content)
            account.live[played.id] = played
            return played

    async def resumes_at(self, account: Account, content: Content) -> int:
        """Where a new session would begin; whoever plays meanwhile has to go."""
        body = self.wanted(content, "auditor")
        answer = await self.begun(account, body)
        if answer.status == 409:
            code = answer.body["sessions"][0]["terminate"]
            answer = await self.begun(account, {**body, "terminate": code})
        path = f"{SESSIONS}/{answer.body['session_id']}/stop"
        await self.wire.until_answered("POST", path, token=answer.body["playback_token"])
        return int(answer.body["resume_ms"])

    @staticmethod
    def wanted(content: Content, device: str) -> dict[str, Any]:
        """The body of a start."""
        named = {"episode": content.episode} if content.episode else {"title": content.slug}
        return {**named, "device_id": device, "device_name": device}

    async def begun(self, account: Account, body: dict[str, Any]) -> Answer:
        """The answer to a start under a key of its own: 201, or why not."""
        key = self._id()
        while True:
            answer = await self.asked(account, "POST", SESSIONS, body, key)
            # Somebody may still be at work on the first try.
            if answer.status != 409 or answer.body["code"] == "stream_limit":
                return answer
            await asyncio.sleep(0.2)

    # --- Beating -----------------------------------------------------------------------------------------

    def _plan(self) -> list[Told]:
        """The beats of a session as they will be sent: disordered, a twentieth of them twice."""
        random, position, told = self.random, 0, []
        hasty = random.random() < 0.2
        for seq in range(random.randint(*self.lengths)):
            moved = random.choice([0, 10_000, 10_000, 10_000, 10_000, -60_000, 7_200_000])
            position = min(max(0, position + moved), 6 * 86_400_000)
            position = random.randrange(600_000) if moved > 10_000 and random.random() < 0.9 else position
            state = random.choice(["playing"] * 6 + ["paused", "buffering", "seeking"])
            speed = random.choice([0.25, 1.5, 4.0]) if hasty else 1.0
            event = self._id() if random.random() < 0.02 else None
            told.append(Told(seq, position, state, speed, event))
        self.planned += len(told)
        told += random.sample(told, max(1, len(told) // 20))
        return sorted(told, key=lambda one: one.seq + random.uniform(-self.places, self.places))

    async def _watch(self, account: Account, played: Played) -> None:
        planned = {told.seq for told in played.plan}
        await asyncio.gather(*(self._hand(played) for _ in range(HANDS)))
        # Others have to make up for what was refused.
        self.planned -= len(planned - played.acked.keys())
        if not played.over and self.random.random() < 0.05:
            account.live.pop(played.id, None)
            account.gone.append(played.last_came)
            return
        await self.gate.wait()
        path = f"{SESSIONS}/{played.id}/stop"
        answer = await self.wire.until_answered("POST", path, token=played.token)
        if answer.status != 204:
            self.ledger.wrong.append(f"stop was answered {answer.status}: {answer.body}")
        account.live.pop(played.id, None)
        if self.random.random() < 0.2 and self.gate.is_set():
            await self._beat_too_late(played)

    async def _hand(self, played: Played) -> None:
        while played.plan and not played.over:
            await asyncio.sleep(self.random.uniform(*self.pause_s))
            await self.gate.wait()
            if played.plan and not played.over:
                await self.beat(played, played.plan.pop(0))

    async def beat(self, played: Played, told: Told) -> None:
        answer = await self._sent(played, told)
        if told.seq in played.acked:
            self.ledger.repeated += 1
        if answer.status == 200:
            played.acked[told.seq] = told
            played.doubtful.pop(told.seq, None)
            played.last_sent = max(played.last_sent, answer.sent)
            played.last_came = max(played.last_came, answer.came)
            if told.event:
                self.ledger.events[told.event] = played.profile
        elif answer.status == 410:
            self.ledger.refused += 1
            self.ledger.taken_over += not played.over and answer.body["reason"] == "taken_over"
            played.over = True
            if answer.in_doubt and told.seq not in played.acked:
                played.doubtful[told.seq] = told
            if told.event:
                # Events are taken in before the lease is looked at.
                self.ledger.doubtful_events[told.event] = played.profile
        else:
            self.ledger.wrong.append(f"beat was answered {answer.status}: {answer.body}")

    async def _sent(self, played: Played, told: Told) -> Answer:
        self.ledger.sent += 1
        body: dict[str, Any] = {
            "seq": told.seq, "position_ms": told.position_ms, "state": told.state, "speed": told.speed,
        }  # fmt: skip
        if told.event:
            # A clock that lies by some years.
            at = f"{1990 + told.seq % 80}-01-01T00:00:00Z"
            event = {"event_id": told.event, "type": "stall", "duration_ms": told.seq, "at": at}
            body["events"] = [event | {"session_id": played.id}]
        path = f"{SESSIONS}/{played.id}/heartbeat"
        return await self.wire.until_answered("POST", path, body, token=played.token)

    async def _beat_too_late(self, played: Played) -> None:
        """After the stop: it must not count, and nothing of it must be found."""
        answer = await self._sent(played, Told(LATE, 1, "playing", 1.0))
        if answer.status != 410:
            self.ledger.wrong.append(f"beat after stop was answered {answer.status}: {answer.body}")

    def live(self) -> Iterable[Played]:
        """Sessions that play, as far as their players know."""
        return [one for account in self.accounts for one in account.live.values() if not one.over]

    async def beat_within(self, seconds: float) -> None:
        """Every session that plays beats once, at its own moment, as after something that hit all at once."""

        async def one(played: Played) -> None:
            await asyncio.sleep(self.random.uniform(0, seconds))
            await self.beat(played, played.plan.pop(0) if played.plan else Told(LATE - 1, 0, "playing", 1.0))

        await asyncio.gather(*(one(played) for played in self.live()))

    def _id(self) -> str:
        return str(UUID(int=self.random.getrandbits(128)))
