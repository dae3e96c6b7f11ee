"""One beat of a player, recorded in one atomic step: position, continue-watching card, event for MongoDB.

`RECORD_LUA` only defines a function, so that the heartbeat's script can do the same and more in one call.
"""

from dataclasses import dataclass

import orjson

from . import keys

POSITIONS_MOST, CARDS_MOST = 5000, 200
# A title without marked credits is finished here.
FINISHED = 0.95
SLOWEST, FASTEST = 0.25, 4.0


@dataclass(frozen=True, slots=True)
class Beat:
    """What a player says of itself, with what its session knows; ids are public UUIDs.

    `epoch` orders sessions and `seq` the beats of one: let it be the millisecond at which the session
    began by the clock of Redis, and above `Resume.epoch`. `content` is what plays, an episode or a title;
    `card` the title that continue-watching shows for it, "" for a trailer; `next_content` the episode
    after it. `kid`: nothing but what resuming takes is kept.
    """

    session: str
    account: str
    profile: str
    content: str
    card: str
    epoch: int
    seq: int
    position_ms: int
    duration_ms: int
    credits_ms: int | None = None
    next_content: str | None = None
    state: str = "playing"
    speed: float = 1.0
    device: str = ""
    asset: str = ""
    title: str = ""
    kid: bool = False

    @property
    def ends_ms(self) -> int:
        """From here on it counts as finished; no credits begin at once, or after the end."""
        if self.credits_ms and 0 < self.credits_ms <= self.duration_ms:
            return self.credits_ms
        return max(1, round(self.duration_ms * FINISHED))


def record_keys(account: str, profile: str) -> list[str]:
    """The three keys of `record`: all with the hash tag of the account but the last, the stream."""
    return [keys.positions(account, profile), keys.cards(account, profile), keys.STREAM]


RECORD_ARGS = 13


def session_args(beat: Beat) -> list[str | int | bytes]:
    """The first of the `RECORD_ARGS` values of `record`'s `a`: the same for all beats of a session."""
    about = {
        "session": beat.session, "account": beat.account, "profile": beat.profile, "content": beat.content,
        "card": beat.card, "title": beat.title or beat.card, "epoch": beat.epoch,
        "duration_ms": beat.duration_ms, "next": beat.next_content or "", "device": beat.device,
        "asset": beat.asset, "kid": beat.kid,
    }  # fmt: skip
    return [
        beat.content, beat.card, beat.session, beat.epoch, beat.duration_ms, beat.ends_ms,
        beat.next_content or "", orjson.dumps(about)[:-1] + b",",
    ]  # fmt: skip


def beat_args(seq: int, position_ms: int, state: str, speed: float) -> tuple[str | int | bytes, ...]:
    """The rest, which every beat tells anew."""
    permille = round(min(max(speed, SLOWEST), FASTEST) * 1000)
    now = orjson.dumps({"seq": seq, "state": state, "speed": speed})
    return seq, position_ms, state, permille, now[1:]


# A position's entry: epoch seq position duration finished at, then seven words for each of the last
# four sessions that played it: session seq position at credit watched since. A card's: epoch seq state
# content position duration at. Times are milliseconds by the clock of Redis.
#
# What a session has watched grows by what its position moved, at most by its credit: the wall time since
# its last beat, times speed. Credit that is left over waits for beats that come late in a row, up to five
# minutes of it, and is gone when the player says that it did not play. `since` names the count: a session
# whose entry was lost counts anew, and consumers add its counts up.
#
# `a`: content card session epoch duration ends next about, seq position state permille now. `about` and `now`
# are the halves of a JSON object, of which the script has no need to know more: the event's `told`.
#
# Returns {1 or 0: whether the position is the beat's, the milliseconds watched}.
RECORD_LUA = """
local function newer(epoch, seq, known)
  local e, s = tonumber(known[1]), tonumber(known[2])
  return epoch > e or (epoch == e and seq > s)
end

local function words(text)
  local found = {}
  for word in string.gmatch(text, '%S+') do found[#found + 1] = word end
  return found
end

local function whole(number) return string.format('%.0f', number) end

local function forget_oldest(key, at, most)
  if redis.call('HLEN', key) <= most then return end
  local all, times = redis.call('HGETALL', key), {}
  for i = 1, #all, 2 do times[#times + 1] = {tonumber(words(all[i + 1])[at]), all[i]} end
  table.sort(times, function(x, y) return x[1] < y[1] end)
  for i = 1, #times - math.floor(most * 0.95) do redis.call('HDEL', key, times[i][2]) end
end

local function watch(played, now, a, position)
  local seq, speed, state = tonumber(a[9]), tonumber(a[12]) / 1000, a[11]
  local mine = {a[3], seq, position, now, 0, 0, now}
  for i = 1, #played do
    if played[i][1] == a[3] then mine = table.remove(played, i) break end
  end
  local known_seq, credit, watched = tonumber(mine[2]), tonumber(mine[5]), tonumber(mine[6])
  if seq > known_seq then
    local wall = math.max(0, now - tonumber(mine[4])) * speed
    credit = math.floor(math.min(credit + wall, 300000 * speed))
    if state ~= 'seeking' then
      local counted = math.min(math.max(0, position - tonumber(mine[3])), credit)
      credit, watched = credit - counted, watched + counted
    end
    if state ~= 'playing' then credit = 0 end
    mine = {a[3], seq, position, now, credit, watched, mine[7]}
  end
  table.insert(played, 1, mine)
  played[5] = nil
  return watched, mine[7]
end

local function show(now, key, a, position, finished)
  local card, epoch, seq = a[2], tonumber(a[4]), tonumber(a[9])
  if card == '' then return end
  local text = redis.call('HGET', key, card)
  local known = text and words(text)
  if known and not newer(epoch, seq, known) then return end
  local state, content, at_ms, duration = 'on', a[1], position, tonumber(a[5])
  if finished and a[7] ~= '' then
    content, at_ms, duration = a[7], 0, 0
  elseif finished then
    state = 'done'
  end
  if known and known[3] == 'removed' and epoch <= tonumber(known[1]) then state = 'removed' end
  redis.call('HSET', key, card, table.concat({
    whole(epoch), whole(seq), state, content, whole(at_ms), whole(duration), whole(now)}, ' '))
  if not known then forget_oldest(key, 7, CARDS_MOST) end
end

local function record(now, keys, a)
  local epoch, seq, duration = tonumber(a[4]), tonumber(a[9]), tonumber(a[5])
  local position = math.max(0, math.min(tonumber(a[10]), duration))
  local finished = position >= tonumber(a[6])
  local text = redis.call('HGET', keys[1], a[1])
  local known, played = text and words(text) or {-1, -1}, {}
  for i = 7, #known, 7 do
    played[#played + 1] = {unpack(known, i, i + 6)}
  end
  local watched, since = watch(played, now, a, position)
  local ahead = newer(epoch, seq, known)
  local entry = {unpack(known, 1, 6)}
  if ahead then
    entry = {whole(epoch), whole(seq), whole(position), whole(duration), finished and 1 or 0, whole(now)}
  end
  for i = 1, #played do
    local one = played[i]
    entry[#entry + 1] = one[1]
    for n = 2, 7 do entry[#entry + 1] = whole(tonumber(one[n])) end
  end
  redis.call('HSET', keys[1], a[1], table.concat(entry, ' '))
  if not text then forget_oldest(keys[1], 6, POSITIONS_MOST) end
  show(now, keys[2], a, position, finished)
  redis.call('XADD', keys[3], '*', 'kind', 'beat', 'told', a[8] .. a[13], 'at', whole(now),
    'position', whole(position), 'finished', finished and 1 or 0,
    'watched', whole(watched), 'since', whole(since))
  return {ahead and 1 or 0, whole(watched)}
end
""".replace("POSITIONS_MOST", str(POSITIONS_MOST)).replace("CARDS_MOST", str(CARDS_MOST))
