// How well it plays, as `ott-…` events: startup, stalls, switches, frames; and the CMCD keys of the moment.

const SAMPLE_MS = 30_000;
// Shorter than a few frames nobody sees it.
const STALL_MS = 80;

export class Measuring {
  /**
   * @param {HTMLVideoElement} video
   * @param {import("./engine.js").Engine} engine
   * @param {(name: string, detail: object) => void} tell
   */
  constructor(video, engine, tell) {
    Object.assign(this, { video, engine, tell, session: null, began: 0, stalledAt: 0, afterSeek: false, stalled: false, sampled: [0, 0] });
    video.addEventListener("waiting", () => this.#stalls());
    video.addEventListener("seeking", () => { this.afterSeek = true; });
    for (const name of ["playing", "pause", "ended", "emptied"]) video.addEventListener(name, () => this.#goesOn(name));
  }

  begin(session, format) {
    Object.assign(this, { session, format, began: performance.now(), first: false, stalledAt: 0, afterSeek: false, stalled: false, sampled: [0, 0] });
    const { video } = this;
    const shown = () => {
      for (const name of ["timeupdate", "playing"]) video.removeEventListener(name, moved);
      if (this.first || this.session !== session) return;
      this.first = true;
      const startup_ms = Math.round(performance.now() - this.began);
      this.tell("ott-firstframe", { startup_ms, manifest_ms: this.engine.manifestMs });
    };
    // Frames of a hidden page are not presented: there it counts that time moves.
    const moved = () => { if (document.hidden && video.readyState >= 2 && !video.paused) shown(); };
    for (const name of ["timeupdate", "playing"]) video.addEventListener(name, moved);
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(shown);
    else video.addEventListener("loadeddata", shown, { once: true });
    clearInterval(this.timer);
    this.timer = setInterval(() => this.sample(), SAMPLE_MS);
  }

  end() {
    clearInterval(this.timer);
    if (this.session && this.first) this.sample();
    this.session = null;
  }

  /** Frames since the last sample. */
  sample() {
    const { totalVideoFrames: all, droppedVideoFrames: lost } = this.video.getVideoPlaybackQuality();
    // Counting begins anew where the element's source changed.
    const [before, lostBefore] = all < this.sampled[0] ? [0, 0] : this.sampled;
    this.sampled = [all, lost];
    if (all > before) this.tell("ott-sample", { dropped_frames: lost - lostBefore, decoded_frames: all - before - (lost - lostBefore) });
  }

  switched({ oldTrack, newTrack, by }) {
    if (!newTrack || (oldTrack?.height ?? 0) === newTrack.height) return;
    const detail = { to_height: newTrack.height, bitrate_kbps: Math.round(newTrack.bandwidth / 1000), by };
    this.tell("ott-switch", oldTrack?.height ? { from_height: oldTrack.height, ...detail } : detail);
  }

  #stalls() {
    if (!this.first || this.video.paused || this.stalledAt) return;
    this.stalledAt = performance.now();
    this.stalled = true;
  }

  #goesOn(name) {
    const duration = this.stalledAt ? performance.now() - this.stalledAt : 0;
    if (duration > STALL_MS && name === "playing") {
      this.tell("ott-stall", { duration_ms: Math.round(duration), after_seek: this.afterSeek, position_ms: Math.round(this.video.currentTime * 1000) });
    }
    this.stalledAt = 0;
    if (name === "playing") this.afterSeek = false;
  }

  /** CTA-5004 keys of now: kbit/s, ms rounded to 100 as it asks, and who plays what. */
  cmcd() {
    const { video, engine, session } = this;
    if (!session) return {};
    const hundreds = (value) => Math.round(value / 100) * 100;
    const told = {
      sid: session.session_id, cid: session.episode_id ?? session.title_id, sf: this.format === "hls" ? "h" : "d", st: "v", v: 1,
      pr: video.playbackRate,
    };
    const { variant } = engine;
    if (variant) {
      told.br = Math.round((variant.videoBandwidth || variant.bandwidth) / 1000);
      told.tb = Math.max(...engine.shaka.getVariantTracks().map((one) => Math.round((one.videoBandwidth || one.bandwidth) / 1000)));
      told.mtp = hundreds(engine.shaka.getStats().estimatedBandwidth / 1000 || 0);
      told.bl = hundreds(this.#ahead() * 1000);
      told.dl = hundreds((this.#ahead() / (video.playbackRate || 1)) * 1000);
    }
    if (!this.first || this.stalledAt) told.su = true;
    if (this.stalled) told.bs = true;
    this.stalled = false;
    return told;
  }

  #ahead() {
    const { buffered, currentTime } = this.video;
    for (let i = 0; i < buffered.length; i += 1) {
      if (buffered.start(i) <= currentTime + 0.1 && currentTime <= buffered.end(i)) return buffered.end(i) - currentTime;
    }
    return 0;
  }
}
