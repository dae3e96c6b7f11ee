"""Positions and continue-watching cards in the durable Redis, which may be lost and is then made again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.core import clients

from . import keys
from .recording import CARDS_MOST, POSITIONS_MOST, RECORD_LUA

ON, REMOVED, DONE = "on", "removed", "done"
AT_ONCE = 500
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Position:
    """Where a profile is in a video; `at_ms` by the clock of Redis."""

    content: str
    epoch: int
    seq: int
    position_ms: int
    duration_ms: int
    finished: bool
    at_ms: int

    @classmethod
    def of(cls, content: str, entry: str) -> "Position":
        epoch, seq, position, duration, finished, at = map(int, entry.split()[:6])
        return cls(content, epoch, seq, position, duration, finished == 1, at)


@dataclass(frozen=True, slots=True)
class Card:
    """A title to go on with, at `content`; one that is `done` or `removed` is kept for its order alone."""

    card: str
    epoch: int
    seq: int
    state: str
    content: str
    position_ms: int
    duration_ms: int
    at_ms: int

    @classmethod
    def of(cls, card: str, entry: str) -> "Card":
        epoch, seq, state, content, position, duration, at = entry.split()
        return cls(card, int(epoch), int(seq), state, content, int(position), int(duration), int(at))


MERGE = (
    RECORD_LUA
    + """
local function merge(key, field, entry, at, most)
  local text, mine = redis.call('HGET', key, field), words(entry)
  if text and not newer(tonumber(mine[1]), tonumber(mine[2]), words(text)) then return end
  if text and key == KEYS[1] then
    -- What running sessions count stays with them.
    local known = words(text)
    for i = 7, #known do mine[#mine + 1] = known[i] end
  end
  redis.call('HSET', key, field, table.concat(mine, ' '))
  if not text then forget_oldest(key, at, most) end
end
for i = 2, #ARGV, 3 do
  if ARGV[i] == 'card' then merge(KEYS[2], ARGV[i + 1], ARGV[i + 2], 7, CARDS_MOST)
  else merge(KEYS[1], ARGV[i + 1], ARGV[i + 2], 6, POSITIONS_MOST) end
end
if ARGV[1] == '1' then redis.call('SET', KEYS[3], 1) end
""".replace("POSITIONS_MOST", str(POSITIONS_MOST)).replace("CARDS_MOST", str(CARDS_MOST))
)
REMOVE = """
local text = redis.call('HGET', KEYS[1], ARGV[1])
if not text then return 0 end
local words = {}
for word in string.gmatch(text, '%S+') do words[#words + 1] = word end
if words[3] ~= 'on' then return 0 end
words[3] = 'removed'
redis.call('HSET', KEYS[1], ARGV[1], table.concat(words, ' '))
redis.call('XADD', KEYS[2], '*', 'kind', 'removed', 'account', ARGV[2], 'profile', ARGV[3],
  'card', ARGV[1], 'epoch', words[1])
return 1
"""


def now_ms() -> int:
    """The clock of Redis, which orders everything here."""
    seconds, micros = clients.durable().time()  # type: ignore[misc]
    return int(seconds) * 1000 + int(micros) // 1000


def place(account: str, profile: str, content: str, card: str) -> tuple[Position | None, int, bool]:
    """What is known, with the highest epoch of the position and of the card, and whether that is all (else
    MongoDB may know more)."""
    pipe = clients.durable().pipeline(transaction=False)
    pipe.hget(keys.positions(account, profile), content)
    pipe.hget(keys.cards(account, profile), card)
    pipe.exists(keys.loaded(account, profile))
    entry, shown, is_loaded = pipe.execute()
    found = Position.of(content, entry) if entry else None
    epochs = (found.epoch if found else 0, Card.of(card, shown).epoch if shown else 0)
    return found, max(epochs), bool(is_loaded)


def cards(account: str, profile: str) -> tuple[list[Card], bool]:
    """Those to go on with, the latest first, and whether that is all."""
    pipe = clients.durable().pipeline(transaction=False)
    pipe.hgetall(keys.cards(account, profile))
    pipe.exists(keys.loaded(account, profile))
    entries, is_loaded = pipe.execute()
    found = [one for card, entry in entries.items() if (one := Card.of(card, entry)).state == ON]
    return sorted(found, key=lambda one: (one.at_ms, one.card), reverse=True), bool(is_loaded)


def merge(account: str, profile: str, found: Iterable[Position], shown: Iterable[Card]) -> None:
    """Put back what MongoDB knew: only what is later than what is here. The profile is then loaded."""
    entries = [
        (
            "position",
            one.content,
            _words(one.epoch, one.seq, one.position_ms, one.duration_ms, int(one.finished), one.at_ms),
        )
        for one in found
    ]
    entries += [
        (
            "card",
            one.card,
            _words(one.epoch, one.seq, one.state, one.content, one.position_ms, one.duration_ms, one.at_ms),
        )
        for one in shown
    ]
    run = clients.durable().register_script(MERGE)
    names = [name(account, profile) for name in (keys.positions, keys.cards, keys.loaded)]
    for start in range(0, max(1, len(entries)), AT_ONCE):
        is_last = start + AT_ONCE >= len(entries)
        part = [word for entry in entries[start : start + AT_ONCE] for word in entry]
        run(keys=names, args=[int(is_last), *part])


def _words(*values: int | str) -> str:
    return " ".join(map(str, values))


def remove_card(account: str, profile: str, card: str) -> bool:
    """Take a card away until another session plays; False: there is none."""
    run = clients.durable().register_script(REMOVE)
    removed = run(keys=[keys.cards(account, profile), keys.STREAM], args=[card, account, profile])
    return bool(removed)


def forget_positions(account: str, profile: str) -> None:
    """Positions and cards; the marker stays, for MongoDB has been emptied before."""
    clients.durable().delete(keys.positions(account, profile), keys.cards(account, profile))


def forget_profiles(account: str, profiles: Sequence[str]) -> int:
    """All that is here of them; how many keys that was."""
    hour = now_ms() // HOUR_MS
    names = [name for profile in profiles for name in keys.of_profile(account, profile, hour)]
    return int(clients.durable().delete(*names)) if names else 0  # type: ignore[arg-type]
