"""Web servers and workers are killed while viewers play: who repeats what was not answered loses nothing.

CHAOS_SEED and CHAOS_BEATS change the run; `python -m benchmarks.chaos` is the long one. The second half is
about the auditor: it finds whatever is not as it was acknowledged.
"""

import os
import secrets
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from .chaos import auditor
from .chaos.ledger import Content, Ledger, Played, Told
from .chaos.storm import Weather, say, storm
from .chaos.viewers import Account

SEED = int(os.environ.get("CHAOS_SEED", secrets.randbelow(10**6)))
BEATS = int(os.environ.get("CHAOS_BEATS", "700"))


def test_viewers_lose_nothing_when_web_servers_workers_and_valkey_are_killed(tmp_path: Path) -> None:
    weather = Weather(
        SEED, BEATS, accounts=6, kills=4, engine_kills=1, webs=2, workers=1, flush=False,
        pause_s=(0.05, 0.3), lengths=(10, 30),
    )  # fmt: skip

    verdict = storm(weather, tmp_path, say)

    assert verdict.wrong == []
    assert verdict.ledger.ghosts == []
    assert verdict.ledger.acked >= BEATS
    assert verdict.told["without an answer"] > 0


# --- The auditor -----------------------------------------------------------------------------------------

FILM = Content("film", "film", None, None)
Rows = dict[str, list[dict[str, Any]]]


def played(number: int = 0, **changes: Any) -> Played:
    """Ten minutes long, three beats in thirty seconds, of which the last one is in doubt."""
    told = [Told(seq, seq * 10_000, "playing", 1.0) for seq in range(3)]
    facts = {
        "id": f"session-{number}", "token": "", "account": "account", "profile": "asha", "content": FILM,
        "duration_ms": 600_000, "credits_ms": None, "asked": 0.0, "begun": 0.1, "last_sent": 30.0,
        "last_came": 30.1, "acked": {0: told[0], 1: told[1]}, "doubtful": {2: told[2]},
    }  # fmt: skip
    return Played(number, **facts | changes)


def rows() -> Rows:
    """What MongoDB has of it, when the last beat did arrive."""
    beats = [
        {"session": "session-0", "seq": seq, "epoch": 7, "profile": "asha", "content": "film",
         "data": {"position_ms": seq * 10_000, "state": "playing", "speed": 1.0}}
        for seq in range(3)
    ]  # fmt: skip
    told = {"seq": 2, "position_ms": 20_000, "finished": False}
    return {
        "beats": beats,
        "sessions": [{"_id": "session-0", "watched_ms": 20_000, **told}],
        "history": [{"profile": "asha", "content": "film", "session": "session-0", **told}],
    }


def findings(stored: Rows, ledger: Ledger) -> list[str]:
    return [
        *auditor.beats(ledger, stored["beats"]),
        *auditor.sessions(ledger, {row["_id"]: row for row in stored["sessions"]}),
        *auditor.history(ledger, stored["history"]),
    ]


def without_the_doubtful(stored: Rows) -> None:
    del stored["beats"][2]
    for kind in ("sessions", "history"):
        stored[kind][0] |= {"seq": 1, "position_ms": 10_000}


@pytest.mark.parametrize("change", [lambda _: None, without_the_doubtful])
def test_the_auditor_is_content_whether_or_not_what_is_in_doubt_arrived(
    change: Callable[[Rows], None],
) -> None:
    stored = rows()
    change(stored)

    assert findings(stored, Ledger([played()])) == []


FAULTS: dict[str, Callable[[Rows], Any]] = {
    "lost": lambda it: it["beats"].pop(1),
    "doubled": lambda it: it["beats"].append(it["beats"][1]),
    "from nowhere": lambda it: it["beats"].append(it["beats"][1] | {"seq": 9}),
    "moved": lambda it: it["beats"][1]["data"].update(position_ms=1),
    "of two epochs": lambda it: it["beats"][1].update(epoch=8),
    "session lost": lambda it: it["sessions"].clear(),
    "session behind": lambda it: it["sessions"][0].update(seq=0, position_ms=0),
    "session finished": lambda it: it["sessions"][0].update(finished=True),
    "history lost": lambda it: it["history"].clear(),
    "history behind": lambda it: it["history"][0].update(seq=0, position_ms=0),
    "history doubled": lambda it: it["history"].append(it["history"][0]),
    "history of another": lambda it: it["history"].append(it["history"][0] | {"profile": "ravi"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_auditor_finds_what_is_not_as_it_was_acknowledged(fault: str) -> None:
    stored = deepcopy(rows())
    FAULTS[fault](stored)

    assert findings(stored, Ledger([played()])) != []


def test_the_auditor_finds_who_watched_longer_than_the_clock_ran() -> None:
    stored = rows()
    stored["sessions"][0]["watched_ms"] = 31_000

    assert "watched 31000 ms" in str(findings(stored, Ledger([played(doubtful={})])))


def test_the_auditor_finds_one_screen_too_many() -> None:
    asha = Account("asha@example.com", "", "account", "asha", limit=1)
    first = played(0)

    assert list(auditor.concurrency(Ledger([first, played(1, begun=30.05)]), [asha])) == []
    assert len(list(auditor.concurrency(Ledger([first, played(1, begun=29.0)]), [asha]))) == 1
