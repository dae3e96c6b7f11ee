// How playing went, told to `POST /events`: in batches, kept while there is no connection, each event with an id of its own, so
// that a batch whose answer got lost may be sent again.

import { call } from "./api.js";

const EVERY_MS = 10_000;
const AT_ONCE = 100; // the API takes 500; what is sent as the page closes may have 64 KB
const MOST_KEPT = 1000;

const whole = (value) => (Number.isFinite(value) ? Math.max(0, Math.round(value)) : undefined);
// The API takes no control characters.
const line = (value, longest) => String(value ?? "").replace(/\p{C}/gu, " ").slice(0, longest);

/** What the player tells, as events of the API; `undefined` is left out of JSON. */
const OF_PLAYER = {
  "ott-firstframe": (told) => ({ type: "startup", startup_ms: whole(told.startup_ms) ?? 0, manifest_ms: whole(told.manifest_ms) }),
  "ott-stall": (told) => ({ type: "stall", duration_ms: whole(told.duration_ms) ?? 0, after_seek: Boolean(told.after_seek) }),
  "ott-switch": (told) => ({ type: "switch", from_height: whole(told.from_height), to_height: whole(told.to_height) ?? 0,
    bitrate_kbps: whole(told.bitrate_kbps), by: told.by === "viewer" ? "viewer" : "player" }),
  "ott-error": (told) => ({ type: "error", code: line(told.code, 64) || "unknown", detail: line(told.detail, 500), fatal: Boolean(told.fatal) }),
  "ott-sample": (told) => ({ type: "sample", dropped_frames: whole(told.dropped_frames), decoded_frames: whole(told.decoded_frames) }),
};

export class Telemetry {
  #kept = [];
  #sending = null;
  #player;
  #session = null;

  /** Listen to `<ott-player>` for as long as the page is there; `about` says of which session it is. */
  constructor(player) {
    this.#player = player;
    for (const [name, event] of Object.entries(OF_PLAYER)) {
      player.addEventListener(name, ({ detail }) => this.note(event(detail), detail));
    }
    setInterval(() => this.flush(), EVERY_MS);
    globalThis.addEventListener("online", () => this.flush());
  }

  about(session) {
    this.#session = session;
  }

  /** `seen`: of the moment that it tells of, else of now: `position_ms` and the keys of CMCD. */
  note(event, { position_ms: positionMs = this.#player.positionMs, cmcd = this.#player.cmcd?.() } = {}) {
    if (!this.#session) return;
    const { session_id, title_id, episode_id, extra_id } = this.#session;
    this.#kept.push({ event_id: crypto.randomUUID(), at: new Date().toISOString(), session_id, title: title_id,
      content: extra_id ?? episode_id ?? title_id, position_ms: whole(positionMs), cmcd, ...event });
    if (this.#kept.length > MOST_KEPT) this.#kept.shift();
  }

  /** Send what is kept; `keepalive` for a page that closes. */
  async flush({ keepalive = false } = {}) {
    if (!keepalive) await this.#sending;
    this.#sending = this.#send(keepalive);
    return this.#sending;
  }

  async #send(keepalive) {
    while (this.#kept.length) {
      const events = this.#kept.slice(0, AT_ONCE);
      try {
        await call("POST", "/events", { events }, { keepalive });
      } catch (refusal) {
        // A batch that is refused as such would be refused again; all else may pass.
        if (refusal.status !== 400) return;
      }
      const sent = new Set(events);
      this.#kept = this.#kept.filter((one) => !sent.has(one));
    }
  }
}
