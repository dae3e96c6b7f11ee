// What a viewer can do to the player, by button, key, finger or lock screen. Needs the parts that player.js builds.

import { clock, element, icon } from "./dom.js";
import { apply, sound } from "./captions.js";
import { soundName, textName } from "./menus.js";

const FLASH_MS = 600;
const KEPT = "ottsite.player"; // on this device: volume and how subtitles look

/** @returns {{volume?: number, muted?: boolean, captions?: object}} */
export function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

function keep(told) {
  try {
    localStorage.setItem(KEPT, JSON.stringify({ ...kept(), ...told }));
  } catch { /* a private window may refuse: then it holds for this page */ }
}

export class Deeds extends HTMLElement {
  toggle() {
    const { video } = this;
    if (!this.session || this.prompts.open) return;
    if (this.state === "ended") {
      this.nextCard.dismiss();
      video.currentTime = 0;
      this.play();
    } else if (video.paused) this.play();
    else video.pause();
  }

  /** Where the browser wants a click first, the big button is there. */
  async play() {
    await this.video.play().catch(({ name }) => {
      if (name !== "NotAllowedError") return; // something else is loaded already
      this.enter("paused");
      this.controls.updatePlay();
    });
  }

  pause() { this.video.pause(); }

  seek(ms, { peek = false } = {}) {
    if (!this.session || this.prompts.open) return;
    const to = Math.min(Math.max(0, ms), this.durationMs);
    this.video.currentTime = to / 1000;
    this.controls.updateTime();
    if (peek) this.seekBar.peek(to);
  }

  /** @param {{peek?: boolean, flash?: boolean}} options show the picture there; show the step where it was tapped */
  seekBy(ms, { peek = false, flash = false } = {}) {
    this.seek(this.positionMs + ms, { peek });
    if (flash || peek) this.flash(ms < 0 ? "back" : "forward");
    this.announce(clock(this.positionMs));
  }

  // --- Sound, subtitles, quality, speed ---

  setVolume(volume) {
    const { video } = this;
    video.volume = Math.min(1, Math.max(0, Math.round(volume * 100) / 100));
    video.muted = video.volume === 0;
    keep({ volume: video.volume || 1, muted: video.muted });
    this.#prefer({ volume: video.volume, muted: video.muted });
  }

  turnVolume(by) {
    this.setVolume((this.video.muted ? 0 : this.video.volume) + by);
    this.announce(this.texts.said.volume(Math.round(this.video.volume * 100)));
  }

  mute() {
    const { video } = this;
    video.muted = !video.muted;
    if (!video.muted && video.volume === 0) video.volume = 0.5;
    keep({ volume: video.volume, muted: video.muted });
    this.announce(video.muted ? this.texts.said.muted : this.texts.said.volume(Math.round(video.volume * 100)));
    this.#prefer({ volume: video.volume, muted: video.muted });
  }

  chooseSound(one) {
    this.engine.chooseSound(one);
    this.announce(this.texts.said.audio(soundName(one, this.texts)));
    this.#prefer({ audio: one.language, described: one.described });
  }

  /** @param {object | null} one of `engine.texts()`, or null for none */
  chooseText(one) {
    this.engine.chooseText(one);
    if (one) this.lastText = one;
    this.announce(this.texts.said.subtitles(one ? textName(one, this.texts) : this.texts.off));
    this.#prefer({ subtitles: one ? one.language : "off" });
  }

  toggleText() {
    const all = this.engine.texts();
    if (!all.length) return;
    const same = (one) => one.language === this.lastText?.language && one.sdh === this.lastText?.sdh;
    this.chooseText(all.some((one) => one.active) ? null : (all.find(same) ?? all[0]));
  }

  chooseCaptions(changes) {
    this.captions = sound({ ...this.captions, ...changes });
    apply(this, this.captions);
    keep({ captions: this.captions });
    this.#prefer({ captions: this.captions });
  }

  /** @param {number} height lines, or 0: as the line allows */
  chooseHeight(height) {
    this.engine.chooseHeight(height);
    this.announce(this.texts.said.quality(height ? `${height}p` : this.texts.auto));
  }

  get speed() { return this.video.playbackRate; }

  chooseSpeed(rate) {
    this.video.defaultPlaybackRate = this.video.playbackRate = rate;
    this.flash(this.texts.rate(rate));
    this.announce(this.texts.said.speed(this.texts.rate(rate)));
    this.#prefer({ speed: rate });
  }

  chooseAutoplay(on) {
    this.autoplay = on;
    this.tick();
    this.#prefer({ autoplay: on });
  }

  #prefer(detail) { this.tell("ott-preference", detail); }

  // --- The screen ---

  get isFullscreen() { return document.fullscreenElement === this || this.video.webkitDisplayingFullscreen === true; }

  async toggleFullscreen() {
    if (this.isFullscreen) {
      if (document.fullscreenElement) await document.exitFullscreen();
      else this.video.webkitExitFullscreen();
    } else if (this.requestFullscreen) {
      await this.requestFullscreen().catch(() => {});
      await screen.orientation?.lock?.("landscape").catch(() => {}); // phones; elsewhere it is refused
    } else this.video.webkitEnterFullscreen?.(); // iPhone
  }

  get isPip() { return document.pictureInPictureElement === this.video || this.video.webkitPresentationMode === "picture-in-picture"; }

  async togglePip() {
    const { video } = this;
    if (video.webkitSupportsPresentationMode && !video.requestPictureInPicture) {
      video.webkitSetPresentationMode(this.isPip ? "inline" : "picture-in-picture");
    } else if (this.isPip) await document.exitPictureInPicture();
    else await video.requestPictureInPicture?.().catch(() => {}); // before the first frame it is refused
  }

  // --- Seen and heard ---

  /** @returns {boolean} false where a listener has taken care of it */
  tell(name, detail, { cancelable = false } = {}) {
    return this.dispatchEvent(new CustomEvent(name, { bubbles: true, cancelable, detail }));
  }

  /** A message over the picture; "" takes it away. */
  say(text, options) { this.message.say(text, options); }

  /** Shows the controls, for a while. */
  wake() { this.idle.wake(); }

  toggleControls() { this.idle.toggle(); }

  announce(text) { if (text) this.live.textContent = text; }

  /** @param {string} what an icon of `dom.js`, or a text */
  flash(what) {
    const within = ["back", "forward"].includes(what) ? [icon(what), element("span", { text: what === "back" ? "−10" : "+10" })] : [element("span", { text: what })];
    this.flashed.replaceChildren(...within);
    this.flashed.dataset.side = what === "back" || what === "forward" ? what : "middle";
    clearTimeout(this.flashing);
    this.flashing = setTimeout(() => this.flashed.replaceChildren(), FLASH_MS);
  }

  // --- The lock screen, headphones, media keys ---

  tellSystem({ name }) {
    const { mediaSession } = navigator;
    if (!mediaSession || !globalThis.MediaMetadata) return;
    mediaSession.metadata = new MediaMetadata({ title: name ?? "" });
    const handlers = {
      play: () => this.play(), pause: () => this.pause(),
      seekbackward: ({ seekOffset }) => this.seekBy(-(seekOffset ?? 10) * 1000),
      seekforward: ({ seekOffset }) => this.seekBy((seekOffset ?? 10) * 1000),
      seekto: ({ seekTime }) => this.seek(seekTime * 1000),
      nexttrack: this.session?.next_episode ? () => this.goNext() : null,
    };
    for (const [action, handler] of Object.entries(handlers)) mediaSession.setActionHandler(action, handler);
  }
}
