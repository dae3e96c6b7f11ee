// What appears over the picture at its time: "skip intro", and the card of the next episode with its countdown.

import { element } from "./dom.js";

// Not worth a button.
const SHORTEST_MS = 1500;
const LAST_MS = 15_000;
const TICK_MS = 200;

export class SkipButton {
  /** @param {{skip: (segment: object) => void, announce: (text: string) => void}} deeds */
  constructor(texts, { skip, announce }) {
    Object.assign(this, { texts, skip, announce, segments: [], automatic: false, current: null, done: new Set() });
    this.element = element("button", { type: "button", class: "ott-skip", hidden: true, onclick: () => this.skip(this.current) });
  }

  /** @param {boolean} automatic skips by itself, each once */
  begin(segments, automatic) {
    this.segments = segments.filter((one) => one.kind in this.texts.skip);
    Object.assign(this, { automatic, done: new Set() });
    this.update(-1);
  }

  update(ms) {
    const found = this.segments.find((one) => one.start_ms <= ms && ms < one.end_ms - SHORTEST_MS) ?? null;
    if (found && this.automatic && !this.done.has(found)) {
      this.done.add(found);
      this.skip(found);
      return;
    }
    if (found === this.current) return;
    this.current = found;
    this.element.hidden = !found;
    if (!found) return;
    this.element.textContent = this.texts.skip[found.kind];
    this.announce(this.texts.skip[found.kind]);
  }
}

export class NextCard {
  /** @param {{go: (by: "viewer" | "countdown") => void, announce: (text: string) => void}} deeds */
  constructor(texts, { go, announce }) {
    Object.assign(this, { texts, go, announce, episode: null, startMs: Infinity, countdownMs: 0, leftMs: 0, counting: false, paused: true, away: false });
    this.place = element("p", { class: "ott-card-place" });
    this.name = element("p", { class: "ott-card-name" });
    this.title = element("h2", { class: "ott-card-title", text: texts.nextCard.title });
    this.play = element("button", { type: "button", class: "ott-primary", text: texts.nextCard.play, onclick: () => this.#leave("viewer") });
    this.stay = element("button", { type: "button", class: "ott-secondary", onclick: () => this.dismiss() });
    this.bar = element("div", { class: "ott-card-bar", "aria-hidden": "true" }, element("span"));
    this.element = element("section", { class: "ott-card", "aria-label": texts.nextCard.title, hidden: true },
      this.title, this.name, this.place, element("div", { class: "ott-card-actions" }, this.play, this.stay), this.bar);
  }

  /** @param {object | null} episode @param {object[]} segments */
  begin(episode, segments, durationMs, countdownS) {
    const credits = segments.findLast((one) => one.kind === "credits");
    Object.assign(this, {
      episode, countdownMs: countdownS * 1000, counting: false, away: false, ended: false,
      startMs: credits?.start_ms ?? Math.max(durationMs - LAST_MS, durationMs * 0.9),
    });
    this.#hide();
    if (!episode) return;
    const place = this.texts.nextCard.of(episode.season_number, episode.number);
    this.name.textContent = episode.name || place;
    this.place.textContent = episode.name ? place : "";
  }

  /** @param {{ended: boolean, paused: boolean, autoplay: boolean}} state */
  update(ms, { ended, paused, autoplay }) {
    if (!this.episode) return;
    this.paused = paused && !ended;
    if (!ended && ms < this.startMs) {
      this.away = false;
      if (!this.element.hidden) this.#hide();
      return;
    }
    if (this.away && !ended) return;
    const count = autoplay && !this.away;
    if (this.element.hidden) this.#show(count);
    else if (this.counting && !autoplay) this.#stopCounting();
    this.stay.textContent = ended ? this.texts.nextCard.away : this.texts.nextCard.stay;
    this.stay.hidden = ended && this.away;
  }

  dismiss() {
    this.away = true;
    this.#hide();
  }

  end() {
    this.episode = null;
    this.#hide();
  }

  #show(count) {
    this.element.hidden = false;
    this.leftMs = this.countdownMs;
    this.counting = count;
    this.bar.hidden = !count;
    clearInterval(this.timer);
    this.announce(`${this.texts.nextCard.title}: ${this.name.textContent}`);
    if (!count) this.title.textContent = this.texts.nextCard.title;
    else {
      this.last = performance.now();
      this.timer = setInterval(() => this.#tick(), TICK_MS);
      this.#draw();
    }
  }

  #tick() {
    const now = performance.now();
    if (!this.paused) this.leftMs -= now - this.last;
    this.last = now;
    if (this.leftMs <= 0) this.#leave("countdown");
    else this.#draw();
  }

  #draw() {
    this.title.textContent = this.texts.nextCard.counting(Math.ceil(this.leftMs / 1000));
    this.bar.firstChild.style.transform = `scaleX(${1 - this.leftMs / this.countdownMs})`;
  }

  #stopCounting() {
    clearInterval(this.timer);
    this.counting = false;
    this.bar.hidden = true;
    this.title.textContent = this.texts.nextCard.title;
  }

  #hide() {
    this.#stopCounting();
    this.element.hidden = true;
  }

  #leave(by) {
    this.dismiss();
    this.go(by);
  }
}
