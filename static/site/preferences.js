// How the profile likes things to play: languages, captions' size, autoplay are the API's and the same on every device; looks of
// captions, loudness and speed are this device's.

import { call, profile } from "./api.js";

const SIZES = ["small", "medium", "large", "huge"];
// The API knows four looks of captions; what a device was told more exactly, it remembers.
const LOOKS = {
  shadow: { edge: "shadow" }, outline: { edge: "outline" }, box: { background: "solid", edge: "none" },
  contrast: { color: "yellow", background: "solid", edge: "none" },
};
const PATIENCE_MS = 600;
const HERE = ["captions", "volume", "muted", "speed"];

export class Preferences {
  #changed = {};
  #timer = 0;
  #key = `ottsite.player.${profile()?.id ?? ""}`;
  #ours = {};

  /** Both; without an answer of the API what is usual. */
  static async load() {
    const made = new Preferences();
    try {
      made.#ours = await call("GET", "/me/preferences");
    } catch {
      // Playing does not wait for this.
    }
    return made;
  }

  /** As `<ott-player>` takes them. */
  forPlayer() {
    const { audio_language: audio = "", audio_description: described = false, subtitles, subtitle_language: language, max_height: maxHeight,
      caption_size: size, caption_style: style, autoplay_next: autoplay = true, skip_intros: skipIntros = false } = this.#ours;
    const here = this.#here();
    const subtitleLanguage = language || profile()?.language || "";
    const shown = { off: "off", on: subtitleLanguage }[subtitles] ?? "auto";
    return { audio, described, subtitles: shown, subtitleLanguage, autoplay, skipIntros, maxHeight, ...here, captions: { ...LOOKS[style], ...here.captions, ...(size && { size }) } };
  }

  /** Keep what the viewer chose: the `detail` of `ott-preference`. */
  note(chosen) {
    const here = Object.fromEntries(HERE.filter((name) => chosen[name] !== undefined).map((name) => [name, chosen[name]]));
    if (Object.keys(here).length) localStorage.setItem(this.#key, JSON.stringify({ ...this.#here(), ...here }));
    const ours = {};
    if (chosen.audio !== undefined) ours.audio_language = chosen.audio;
    if (chosen.subtitles !== undefined) {
      ours.subtitles = chosen.subtitles === "off" ? "off" : "on";
      if (ours.subtitles === "on") ours.subtitle_language = chosen.subtitles;
    }
    if (chosen.described !== undefined) ours.audio_description = chosen.described;
    if (SIZES.includes(chosen.captions?.size)) ours.caption_size = chosen.captions.size;
    if (chosen.captions) ours.caption_style = lookOf(chosen.captions);
    if (chosen.autoplay !== undefined) ours.autoplay_next = chosen.autoplay;
    Object.assign(this.#ours, ours);
    Object.assign(this.#changed, ours);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.save(), PATIENCE_MS);
  }

  async save({ keepalive = false } = {}) {
    const changed = this.#changed;
    this.#changed = {};
    if (!Object.keys(changed).length) return;
    try {
      await call("PATCH", "/me/preferences", changed, { keepalive });
    } catch (refusal) {
      // What it does not take it would not take later either; without a connection it goes with the next one.
      if (refusal.status !== 400) this.#changed = { ...changed, ...this.#changed };
    }
  }

  #here() {
    try {
      return JSON.parse(localStorage.getItem(this.#key)) ?? {};
    } catch {
      return {};
    }
  }
}

function lookOf({ color, background, edge }) {
  if (background && background !== "none") return color === "yellow" ? "contrast" : "box";
  return edge === "outline" ? "outline" : "shadow";
}
