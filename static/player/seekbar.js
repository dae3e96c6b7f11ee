// The seek bar: a native range input, which fingers, keys and screen readers know, over a bar that is drawn.

import { clock, element, spoken } from "./dom.js";
import { Thumbnails } from "./thumbnails.js";

// Half of the handle: the input's values lie between the middles of its two ends.
const INSET = 8;
const SHOWN_AFTER_KEY_MS = 1200;

export class SeekBar {
  /**
   * @param {import("./engine.js").Engine} engine
   * @param {object} texts
   * @param {{seek: (ms: number) => void, by: (ms: number) => void}} deeds
   */
  constructor(engine, texts, deeds) {
    Object.assign(this, { texts, deeds, durationMs: 0, dragging: false });
    this.thumbnails = new Thumbnails(engine);
    this.input = element("input", {
      type: "range", min: 0, max: 0, step: "any", value: 0, class: "ott-seek-input", "aria-label": texts.seek,
    });
    this.played = element("div", { class: "ott-seek-played" });
    this.buffered = element("div", { class: "ott-seek-buffered" });
    this.marks = element("div", { class: "ott-seek-marks" });
    this.element = element("div", { class: "ott-seek" },
      element("div", { class: "ott-seek-track", "aria-hidden": "true" }, this.buffered, this.played, this.marks),
      element("div", { class: "ott-seek-handle", "aria-hidden": "true" }), this.input, this.thumbnails.element);
    this.#listen();
  }

  /** @param {{kind: string, start_ms: number, end_ms: number}[]} segments */
  begin(durationMs, segments) {
    this.durationMs = durationMs;
    this.input.max = durationMs;
    this.dragging = false;
    this.thumbnails.hide();
    this.marks.replaceChildren(...segments.filter((one) => one.kind !== "ad_break").map((one) => {
      const mark = element("span", { "data-kind": one.kind });
      mark.style.left = `${(one.start_ms / durationMs) * 100}%`;
      mark.style.width = `${((Math.min(one.end_ms, durationMs) - one.start_ms) / durationMs) * 100}%`;
      return mark;
    }));
  }

  /** @param {number} ms @param {TimeRanges} ranges */
  update(ms, ranges) {
    if (!this.dragging) {
      this.input.value = ms;
      this.#draw(ms);
    }
    let end = 0;
    for (let i = 0; i < ranges.length; i += 1) if (ranges.start(i) * 1000 <= ms + 500) end = ranges.end(i) * 1000;
    this.buffered.style.width = `${this.#share(end) * 100}%`;
  }

  /** Shows the picture of a moment for a while, where keys seek. */
  peek(ms) {
    const { width } = this.element.getBoundingClientRect();
    this.thumbnails.show(ms / 1000, this.#xOf(ms, width), width);
    clearTimeout(this.peeking);
    this.peeking = setTimeout(() => this.thumbnails.hide(), SHOWN_AFTER_KEY_MS);
  }

  #share(ms) { return this.durationMs ? Math.min(1, Math.max(0, ms / this.durationMs)) : 0; }

  #xOf(ms, width) { return INSET + this.#share(ms) * (width - 2 * INSET); }

  #draw(ms) {
    this.element.style.setProperty("--played", this.#share(ms));
    const { lang } = document.documentElement;
    const text = this.texts.position(spoken(ms, lang), spoken(this.durationMs, lang));
    if (text !== this.input.getAttribute("aria-valuetext")) this.input.setAttribute("aria-valuetext", text);
  }

  #listen() {
    const { input } = this;
    input.addEventListener("pointerdown", () => { this.dragging = true; });
    input.addEventListener("input", () => {
      this.#draw(Number(input.value));
      this.peek(Number(input.value));
    });
    input.addEventListener("change", () => this.#drop());
    // After `change`, which tells where it was let go.
    const letGo = () => setTimeout(() => { this.dragging = false; });
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) input.addEventListener(name, letGo);
    input.addEventListener("pointermove", (event) => this.#hover(event));
    input.addEventListener("pointerleave", () => this.thumbnails.hide());
    input.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -10_000, ArrowDown: -10_000, ArrowRight: 10_000, ArrowUp: 10_000, PageDown: -60_000, PageUp: 60_000 }[event.key];
      if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.deeds.by(by);
    });
  }

  #drop() {
    this.dragging = false;
    this.deeds.seek(Number(this.input.value));
  }

  #hover(event) {
    if (event.pointerType === "touch" || !this.durationMs) return;
    clearTimeout(this.peeking);
    const { left, width } = this.element.getBoundingClientRect();
    const x = event.clientX - left;
    const share = Math.min(1, Math.max(0, (x - INSET) / (width - 2 * INSET)));
    this.thumbnails.show((share * this.durationMs) / 1000, x, width);
  }
}

/** What is written beside the bar: how much is left. */
export const leftOf = (texts, ms, durationMs) => texts.left(clock(Math.max(0, durationMs - ms)));
