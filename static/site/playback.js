// One playing of one thing: the session with the API, without a page around it.
//
// `start` asks for a session; `attach` follows a player and sends heartbeats; `stop` tells where it ended and frees the stream.
// Beats go one after the other, in order. While there is no connection they wait, the latest 30 of them: a player that comes
// back tells where it has been. Events: `lost` {reason} when the session plays no more, `network` {lost} when beats do not get
// through and when they do again.

import { Refusal, call, deviceId, deviceName } from "./api.js";

const SESSIONS = "/playback/sessions";
const MOST_KEPT = 30;
const PATIENCE_MS = 8000;
const LONGEST_PAUSE_MS = 10_000;
const SEEKS_SETTLE_MS = 400;
const MOST_TRIES = 3;
// The states that a heartbeat knows, of those that a player has.
const TOLD = new Set(["playing", "paused", "buffering", "ended"]);

// What a browser may decode, by the API's names: a profile of each that films are made in.
const CODECS = {
  h264: 'video/mp4; codecs="avc1.640028"', hevc: 'video/mp4; codecs="hvc1.1.6.L120.90"',
  av1: 'video/mp4; codecs="av01.0.08M.08"', aac: 'audio/mp4; codecs="mp4a.40.2"',
};

/** What this browser can do, as far as it says: what it cannot decode is left out of the manifests. */
function capabilities() {
  const source = globalThis.ManagedMediaSource ?? globalThis.MediaSource;
  if (!source) return {};
  return { codecs: Object.keys(CODECS).filter((name) => source.isTypeSupported(CODECS[name])) };
}

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

export class Playback extends EventTarget {
  #player = null;
  #following = null; // what ends the listening to the player
  #seq = 0;
  #kept = []; // beats that the API has not got yet, in order
  #sending = false;
  #timer = 0;
  #settling = 0;
  #seeking = false;
  #placeMs = 0; // where the player was before it sought
  #token = "";
  #over = false;
  #began = false;
  #cut = false; // no connection
  #wake = () => {}; // ends a pause between two tries

  constructor(session) {
    super();
    this.session = session;
    this.intervalS = session.heartbeat_interval_s;
  }

  /**
   * Begin a session of `{title?, episode?, extra?, terminate?}`. Raises the `Refusal`. The same key for every try: a lost answer begins
   * nothing twice.
   */
  static async start(wanted) {
    const options = { headers: { "Idempotency-Key": crypto.randomUUID() } };
    const body = { ...wanted, device_id: deviceId(), device_name: deviceName(), capabilities: capabilities() };
    for (let tried = 1; ; tried += 1) {
      try {
        return new Playback(await call("POST", SESSIONS, body, options));
      } catch (refusal) {
        const passes = refusal instanceof Refusal && (refusal.status >= 500 || ["conflict", "offline"].includes(refusal.code));
        if (!passes || tried === MOST_TRIES || !navigator.onLine) throw refusal;
        await wait(Math.min(refusal.retryAfterS || tried, 3) * 1000);
      }
    }
  }

  /** The media token to use from now on; "": the one that the addresses of the session came with. */
  tokenOf = () => this.#token;

  get over() {
    return this.#over;
  }

  /** Follow `<ott-player>` and tell the API where it is. */
  attach(player) {
    this.#player = player;
    this.#following = new AbortController();
    const { signal } = this.#following;
    player.addEventListener("ott-state", ({ detail }) => {
      if (detail.state === "playing") this.#began = true;
      if (this.#began && !this.#seeking && detail.state !== "buffering") this.beat();
    }, { signal });
    this.#followSeeks(player.video, signal);
    globalThis.addEventListener("online", () => this.#wake(), { signal });
    this.#plan();
  }

  /**
   * Two beats: where it was, which counts what was watched until then, and where it went, which does not count what lies between.
   * Somebody who drags along the bar seeks many times; then there is one of each.
   */
  #followSeeks(video, signal) {
    video.addEventListener("timeupdate", () => {
      if (!this.#seeking) this.#placeMs = this.#player.positionMs;
    }, { signal });
    video.addEventListener("seeking", () => {
      clearTimeout(this.#settling);
      if (!this.#began || this.#seeking) return;
      this.beat(this.#state(), this.#placeMs);
      this.#seeking = true;
    }, { signal });
    video.addEventListener("seeked", () => {
      if (!this.#seeking) return;
      clearTimeout(this.#settling);
      this.#settling = setTimeout(() => {
        this.beat();
        this.#seeking = false;
      }, SEEKS_SETTLE_MS);
    }, { signal });
  }

  /** Tell where the player is. */
  beat(state = this.#state(), positionMs = this.#place()) {
    if (this.#over) return;
    this.#kept.push(this.#told(state, positionMs));
    if (this.#kept.length > MOST_KEPT) this.#kept.shift();
    this.#plan();
    this.#send();
  }

  /**
   * The player is done; its last place goes along, and both outlive the page. Resolves when the stream is free, or could not be
   * freed; never raises.
   */
  async stop() {
    if (this.#over) return;
    const told = this.#began ? { last: this.#told(this.#state(), this.#place()) } : {};
    this.#end();
    try {
      await this.#post("stop", told, { keepalive: true });
    } catch {
      // It expires by itself.
    }
  }

  #told(state, positionMs) {
    const { speed = 1 } = this.#player ?? {};
    return { seq: this.#seq++, position_ms: Math.max(0, Math.round(positionMs)), state, speed: Math.min(4, Math.max(0.25, speed || 1)) };
  }

  /** Until something played that is where it would go on: a session that was only opened moves nobody's place. */
  #place() {
    const at = this.#began ? this.#player?.positionMs : this.session.resume_ms;
    return Number.isFinite(at) ? at : this.session.resume_ms;
  }

  #state() {
    if (!this.#began) return "paused";
    if (this.#seeking) return "seeking";
    return TOLD.has(this.#player?.state) ? this.#player.state : "paused";
  }

  /** The next beat is due an interval after the one before. */
  #plan() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.beat(), this.intervalS * 1000);
  }

  async #send() {
    if (this.#sending) return;
    this.#sending = true;
    for (let failed = 0; this.#kept.length && !this.#over; ) {
      const [beat] = this.#kept;
      const pauseMs = await this.#try(beat, failed);
      if (pauseMs === 0) {
        this.#kept = this.#kept.filter((one) => one !== beat);
        failed = 0;
      } else {
        failed += 1;
        await Promise.race([wait(pauseMs), new Promise((done) => { this.#wake = done; })]);
      }
    }
    this.#sending = false;
  }

  /** How long to wait before the beat is tried again, in milliseconds; 0: it is dealt with. */
  async #try(beat, failed) {
    let response;
    let answer;
    try {
      response = await this.#post("heartbeat", beat, { signal: AbortSignal.timeout(PATIENCE_MS) });
      answer = await response.json();
    } catch {
      response = null;
    }
    if (this.#over) return 0;
    if (response?.ok) {
      this.#token = answer.token;
      this.intervalS = answer.next_interval_s;
      this.#tellOf(false);
      return 0;
    }
    const pauseMs = Math.min(1000 * 2 ** failed, LONGEST_PAUSE_MS);
    if (response === null) {
      this.#tellOf(true);
      return pauseMs;
    }
    if (response.status === 410) this.#lose(answer.reason);
    else if (response.status === 401) this.#lose("token");
    else if (response.status === 429 || response.status >= 500) return Number(response.headers.get("Retry-After")) * 1000 || pauseMs;
    // What else is refused would be refused again.
    return 0;
  }

  #post(deed, body, options) {
    return fetch(`/api/v1${SESSIONS}/${this.session.session_id}/${deed}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.session.playback_token}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
      ...options,
    });
  }

  #tellOf(cut) {
    if (cut === this.#cut) return;
    this.#cut = cut;
    this.dispatchEvent(new CustomEvent("network", { detail: { lost: cut } }));
  }

  #lose(reason) {
    this.#end();
    this.dispatchEvent(new CustomEvent("lost", { detail: { reason } }));
  }

  #end() {
    this.#over = true;
    this.#following?.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#settling);
    this.#wake();
  }
}
