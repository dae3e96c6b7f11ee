// The bars and buttons, drawn from the state of the player.

import { clock, element, iconButton, reicon, relabel } from "./dom.js";
import { leftOf } from "./seekbar.js";

const ROUND = 0.001;

export class Controls {
  /**
   * @param {import("./player.js").OttPlayer} player
   * @param {{seekBar: object, words: object, settings: object, style: object, own: Element[]}} parts `own`: what the page puts in the top bar
   */
  constructor(player, texts, { seekBar, words, settings, style, own }) {
    Object.assign(this, { player, texts, seekBar });
    const { video } = player;
    const button = (name, label, key, deed) => iconButton(name, label, deed, { "data-key": key });
    this.title = element("p", { class: "ott-title" });
    this.top = element("div", { class: "ott-top" }, ...own, this.title);

    this.play = button("play", texts.play, "K", () => player.toggle());
    this.back = button("back", texts.back10, "J", () => player.seekBy(-10_000));
    this.forward = button("forward", texts.forward10, "L", () => player.seekBy(10_000));
    this.centre = element("div", { class: "ott-centre" },
      ...[this.bigBack = button("back", texts.back10, "", () => player.seekBy(-10_000)),
        this.bigPlay = button("play", texts.play, "", () => player.toggle()),
        this.bigForward = button("forward", texts.forward10, "", () => player.seekBy(10_000))]);
    this.mute = button("loud", texts.mute, "M", () => player.mute());
    this.volume = element("input", {
      type: "range", min: 0, max: 1, step: 0.05, class: "ott-volume", "aria-label": texts.volume,
      oninput: () => player.setVolume(Number(this.volume.value)),
    });
    this.next = button("next", texts.next, "N", () => player.goNext());
    this.pip = button("pip", texts.pip, "I", () => player.togglePip());
    this.full = button("full", texts.full, "F", () => player.toggleFullscreen());
    this.now = element("span", { class: "ott-now" });
    this.left = element("span", { class: "ott-left" });
    this.pip.hidden = !document.pictureInPictureEnabled && !video.webkitSupportsPresentationMode;

    const popup = (one, ...more) => element("div", { class: "ott-popup" }, one.button, one.panel, ...more);
    this.bottom = element("div", { class: "ott-bottom" },
      element("div", { class: "ott-times" }, this.now, seekBar.element, this.left),
      element("div", { class: "ott-buttons" },
        this.play, this.back, this.forward, element("div", { class: "ott-sound" }, this.mute, this.volume),
        element("span", { class: "ott-space" }),
        this.next, popup(words, style.panel), popup(settings), this.pip, this.full));
    // A mouse does not leave the focus on a button, where the space bar would press it once more.
    const unfocused = (event) => { if (event.target.closest(".ott-button")) event.preventDefault(); };
    for (const bar of [this.top, this.centre, this.bottom]) bar.addEventListener("mousedown", unfocused);
  }

  /** A film is there. */
  begin({ name, next_episode: following }) {
    this.title.textContent = name ?? "";
    this.next.hidden = !following;
    this.updateAll();
  }

  updateAll() {
    this.updateTime();
    this.updatePlay();
    this.updateVolume();
    this.updateScreen();
  }

  updateTime() {
    const { positionMs, durationMs, video } = this.player;
    const shown = this.seekBar.dragging ? Number(this.seekBar.input.value) : positionMs;
    this.now.textContent = clock(shown);
    this.left.textContent = leftOf(this.texts, shown, durationMs);
    this.seekBar.update(positionMs, video.buffered);
  }

  updatePlay() {
    const { video, state } = this.player;
    const [name, label] = state === "ended" ? ["play", this.texts.replay] : video.paused ? ["play", this.texts.play] : ["pause", this.texts.pause];
    for (const one of [this.play, this.bigPlay]) {
      reicon(one, name);
      relabel(one, label);
    }
  }

  updateVolume() {
    const { volume, muted } = this.player.video;
    const silent = muted || volume < ROUND;
    reicon(this.mute, silent ? "muted" : volume < 0.5 ? "quiet" : "loud");
    relabel(this.mute, silent ? this.texts.unmute : this.texts.mute);
    this.volume.value = silent ? 0 : volume;
    this.volume.style.setProperty("--value", this.volume.value);
    this.volume.setAttribute("aria-valuetext", `${Math.round(this.volume.value * 100)}%`);
  }

  updateScreen() {
    const { isFullscreen, isPip } = this.player;
    reicon(this.full, isFullscreen ? "small" : "full");
    relabel(this.full, isFullscreen ? this.texts.fullLeave : this.texts.full);
    relabel(this.pip, isPip ? this.texts.pipLeave : this.texts.pip);
  }
}
