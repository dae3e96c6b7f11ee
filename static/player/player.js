// <ott-player>: plays what `POST playback/sessions` answered. docs/player.md tells how a page uses it.
//
// It knows no API: the page gives it sessions and tokens, and hears of everything by `ott-…` events.

import { clock, element, icon } from "./dom.js";
import { messages } from "./messages.js";
import { Engine, Trouble, fetchLibrary, interrupted } from "./engine.js";
import { Measuring } from "./measuring.js";
import { Connection } from "./connection.js";
import { SeekBar } from "./seekbar.js";
import { Popups } from "./popups.js";
import { menus } from "./menus.js";
import { apply, sound, stylePopup } from "./captions.js";
import { helpDialog, keys } from "./keys.js";
import { gestures } from "./gestures.js";
import { NextCard, SkipButton } from "./cards.js";
import { Message, Prompts } from "./prompts.js";
import { Patience } from "./patience.js";
import { Controls } from "./controls.js";
import { Deeds, kept } from "./deeds.js";
import { Idle } from "./idle.js";
import { preferredSound, preferredText } from "./preferred.js";

const FLASH_MS = 600;
const COUNTDOWN_S = 10;

fetchLibrary().catch(() => {}); // asked for again when something is played

export class OttPlayer extends Deeds {
  session = null;
  state = "paused";
  autoplay = true;
  #turn = 0;
  #options = {};

  connectedCallback() {
    if (this.engine) return;
    this.texts = messages();
    this.video = element("video", { playsinline: true, preload: "auto", "aria-label": this.texts.player });
    this.stage = element("div", { class: "ott-stage" }, this.video);
    this.surface = element("div", { class: "ott-surface" });
    this.engine = new Engine(this.video, this.stage, {
      trouble: (trouble) => this.#troubled(trouble),
      working: () => { this.hungry = false; this.connection.working(); },
      changed: () => this.popups.refresh(),
      switched: (event) => this.measuring.switched(event),
    });
    this.measuring = new Measuring(this.video, this.engine, (name, detail) => this.tell(name, { ...detail, cmcd: this.cmcd() }));
    this.connection = new Connection(() => this.#askAgain(), (lost) => this.#network(lost));
    this.idle = new Idle(this, () => this.#mayRest());
    this.popups = new Popups(() => this.wake());
    this.prompts = new Prompts(() => { this.toggleAttribute("data-asking", this.prompts.open); this.wake(); });
    this.message = new Message();
    this.skipButton = new SkipButton(this.texts, (segment) => this.#skip(segment));
    this.nextCard = new NextCard(this.texts, (by) => this.goNext(by));
    this.patience = new Patience(() => this.state === "playing", () => this.#stillThere());
    this.seekBar = new SeekBar(this.engine, this.texts, { seek: (ms) => this.seek(ms), by: (ms) => this.seekBy(ms, { peek: true }) });
    this.#build();
    this.#listen();
    this.captions = sound(kept().captions);
    apply(this, this.captions);
    this.wake();
  }

  disconnectedCallback() {
    queueMicrotask(() => {
      if (this.isConnected || !this.engine) return; // moved, not removed
      this.unload();
      this.connection.close();
      this.popups.destroy();
      this.patience.close();
      this.idle.stop();
      document.removeEventListener("keydown", this.keys);
      document.removeEventListener("fullscreenchange", this.onScreen);
      this.engine.destroy();
      this.engine = null;
      this.replaceChildren(...this.own);
    });
  }

  #build() {
    const help = helpDialog(this.texts);
    this.help = () => help.showModal();
    this.own = [...this.children];
    const style = stylePopup(this.popups, this.texts, this);
    const { words, settings } = menus(this, this.popups, this.texts, { style: (button) => style.of(button), help: this.help });
    this.controls = new Controls(this, this.texts, { seekBar: this.seekBar, words, settings, style, own: this.own });
    this.live = element("div", { class: "ott-live", role: "status" });
    this.flashed = element("div", { class: "ott-flash", "aria-hidden": "true" });
    this.classList.add("ott-player");
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", this.texts.player);
    this.replaceChildren(
      this.stage, this.surface, element("div", { class: "ott-spinner", "aria-hidden": "true" }), this.flashed,
      this.controls.top, this.message.element, this.prompts.element, this.controls.centre, this.skipButton.element,
      this.nextCard.element, this.controls.bottom, this.live, help,
    );
  }

  #listen() {
    const { video } = this;
    const on = (names, deed) => { for (const name of names.split(" ")) video.addEventListener(name, deed); };
    on("timeupdate progress durationchange seeked", () => this.tick());
    on("play pause playing waiting ended emptied seeking", ({ type }) => this.#moved(type));
    on("volumechange", () => this.controls.updateVolume());
    on("enterpictureinpicture leavepictureinpicture webkitpresentationmodechanged webkitbeginfullscreen webkitendfullscreen", () => this.controls.updateScreen());
    on("seeked", () => { if (this.session && this.measuring.first) this.tell("ott-seeked", { position_ms: this.positionMs }); });
    on("error", () => { if (video.error && !this.engine.shaka) this.#troubled(new Trouble("media", video.error.message)); });
    gestures(this.surface, this);
    this.keys = keys(this, this.help);
    this.onScreen = () => this.controls.updateScreen();
    document.addEventListener("keydown", this.keys);
    document.addEventListener("fullscreenchange", this.onScreen);
    this.addEventListener("pointermove", ({ pointerType }) => { if (pointerType !== "touch") this.wake(); });
    for (const name of ["focusin", "keydown"]) this.addEventListener(name, () => this.wake());
    for (const bar of [this.controls.top, this.controls.bottom, this.controls.centre]) bar.addEventListener("pointerdown", () => this.wake());
  }

  // --- Loading ---

  /**
   * Plays a session. Resolves with true when it is ready (it may still ask whether to resume), with false when
   * something else was loaded meanwhile; rejects with a `Trouble` where it cannot be played.
   */
  async load(session, options = {}) {
    const turn = ++this.#turn;
    this.#clear();
    const preferences = options.preferences ?? {};
    const asks = options.startAt === undefined && session.resume_ms > 0;
    const startMs = options.startAt ?? session.resume_ms ?? 0;
    this.session = session;
    this.#options = options;
    this.connection.begin();
    this.#prefer(preferences);
    this.measuring.begin(session, options.format);
    this.setAttribute("data-loading", "");
    this.#enter("buffering");
    this.seekBar.begin(session.duration_ms, session.segments ?? []);
    this.skipButton.begin(session.segments ?? [], preferences.skipIntros ?? false);
    this.nextCard.begin(session.next_episode, session.segments ?? [], session.duration_ms, options.countdownS ?? COUNTDOWN_S);
    this.patience.begin(options.stillWatching);
    this.controls.begin(session);
    this.tellSystem(session);
    // Asked while the picture of that moment is fetched.
    const answer = asks ? this.prompts.ask(this.texts.resume.title, { resume: this.texts.resume.at(clock(startMs)), over: this.texts.resume.over }) : null;
    if (!(await this.#loaded(turn, startMs))) return false;
    this.#choose(preferences);
    this.removeAttribute("data-loading");
    this.controls.updateAll();
    this.tick();
    if (!answer) await this.play();
    else answer.then((given) => { if (turn === this.#turn && given) this.#resume(given); });
    return turn === this.#turn;
  }

  async #loaded(turn, startMs) {
    const { format, tokenOf, bufferAheadS, preferences } = this.#options;
    for (;;) {
      try {
        await this.engine.load(this.session, { format, tokenOf, bufferAheadS, preferences, startS: startMs / 1000 });
        return turn === this.#turn;
      } catch (error) {
        if (turn !== this.#turn || interrupted(error)) return false;
        const trouble = Trouble.of(error);
        if (!trouble.passing) {
          this.#troubled(trouble);
          throw trouble;
        }
        this.tell("ott-error", { code: trouble.code, detail: trouble.detail, fatal: false });
        await this.connection.next();
        if (turn !== this.#turn) return false;
      }
    }
  }

  /** Stops, and shows nothing any more. */
  async unload() {
    this.#turn += 1;
    this.#clear();
    await this.engine?.unload().catch(() => {});
  }

  #clear() {
    this.measuring.end();
    this.connection.reset();
    this.popups.close({ focus: false });
    this.prompts.withdraw();
    this.nextCard.end();
    this.message.say("");
    this.patience.end();
    this.video.pause();
    this.session = null;
    this.hungry = false;
  }

  async #resume(answer) {
    const { video } = this;
    if (answer === "over") {
      // Until there is a picture Shaka may still be on its way to where it was told to begin.
      if (video.readyState < 2) await new Promise((done) => video.addEventListener("loadeddata", done, { once: true }));
      video.currentTime = 0;
    }
    this.play();
  }

  #prefer({ captions, autoplay, speed, volume, muted }) {
    const own = kept();
    if (captions) this.captions = sound(captions);
    apply(this, this.captions);
    this.autoplay = autoplay ?? true;
    this.video.defaultPlaybackRate = this.video.playbackRate = speed ?? 1;
    this.video.volume = volume ?? own.volume ?? 1;
    this.video.muted = muted ?? own.muted ?? false;
  }

  #choose(preferences) {
    const heard = preferredSound(this.engine.sounds(), preferences);
    if (heard && !heard.active) this.engine.chooseSound(heard);
    const read = preferredText(this.engine.texts(), this.engine.sounds(), preferences);
    if (read) this.lastText = read;
    this.engine.chooseText(read);
  }

  // --- While it plays ---

  get positionMs() { return Math.round(this.video.currentTime * 1000); }

  /** Of the film as loaded, else as the session says. */
  get durationMs() {
    const { duration } = this.video;
    return Number.isFinite(duration) ? Math.round(duration * 1000) : (this.session?.duration_ms ?? 0);
  }

  cmcd() { return this.measuring.cmcd(); }

  tick() {
    if (!this.session) return;
    if (Math.abs(this.durationMs - this.seekBar.durationMs) > 1) this.seekBar.begin(this.durationMs, this.session.segments ?? []);
    this.controls.updateTime();
    const { paused, seeking } = this.video;
    if (!seeking && !this.prompts.open && !this.hasAttribute("data-loading")) {
      this.skipButton.update(this.positionMs);
      this.nextCard.update(this.positionMs, { ended: this.state === "ended", paused, autoplay: this.autoplay });
    }
  }

  #moved(type) {
    if (!this.session) return;
    const { video } = this;
    if (type === "ended") this.#enter("ended");
    else if (video.ended) return;
    else if (type === "waiting" || type === "emptied") this.#enter(video.paused && type === "waiting" ? "paused" : "buffering");
    else if (type === "playing") this.#enter("playing");
    else if (type === "pause" || (video.paused && type === "seeking")) this.#enter("paused");
    else if (type === "play" && video.readyState < 3) this.#enter("buffering");
    this.controls.updatePlay();
    this.tick();
    if (type === "ended") this.tell("ott-ended", {});
  }

  #enter(state) {
    if (state === this.state) return;
    this.state = state;
    this.dataset.state = state;
    this.announce(this.texts.said[state]);
    this.tell("ott-state", { state });
    this.wake();
  }

  #skip({ end_ms }) {
    this.seek(end_ms);
    this.announce(this.texts.said.skipped);
    if (this.contains(document.activeElement)) this.controls.play.focus({ preventScroll: true });
  }

  /** On to the next episode; after some that went on by themselves somebody has to say so. */
  async goNext(by = "viewer") {
    const { session } = this;
    if (!session?.next_episode) return;
    if (by === "countdown" && !this.patience.goesOn()) {
      if (!(await this.#stillThere()) || this.session !== session) return;
    }
    this.tell("ott-next", { episode: session.next_episode });
  }

  async #stillThere() {
    this.video.pause();
    const given = await this.prompts.ask(this.texts.still.title, { yes: this.texts.still.yes, no: this.texts.still.no });
    if (!given) return false;
    this.tell("ott-stillwatching", { answer: given });
    if (given === "yes" && this.state !== "ended") this.play();
    return given === "yes";
  }

  // --- Trouble ---

  #troubled(trouble) {
    const { code, detail, fatal, passing } = trouble;
    const detailed = { code, detail, fatal: fatal && !passing };
    if (passing && fatal) {
      this.hungry = true;
      if (!this.connection.lost) this.tell("ott-error", detailed);
      this.connection.failing();
      return;
    }
    const taken = !this.tell("ott-error", detailed, { cancelable: true });
    if (!detailed.fatal || taken) return;
    this.video.pause();
    this.say(this.texts.failed, { tone: "error", action: this.texts.again, onAction: () => this.retry() });
  }

  #network(lost) {
    this.toggleAttribute("data-offline", lost);
    this.say(lost ? this.texts.offline : "");
    if (!lost) this.announce(this.texts.online);
    this.tell("ott-network", { lost });
  }

  /** Nothing failed yet: only asks whether the site can be reached again. */
  async #askAgain() {
    if (!this.session || this.hungry) return this.engine.retry();
    const probe = new URL(this.session.dash_url, location.href);
    const answer = await fetch(probe, { method: "HEAD", cache: "no-store" }).catch(() => null);
    if (answer && answer.status < 500) this.connection.working();
  }

  /** Fetches again what failed; what could not be played at all is loaded anew, where it was. */
  retry() {
    if (!this.session || this.engine.retry()) return;
    this.load(this.session, { ...this.#options, startAt: this.positionMs }).catch(() => {});
  }

  say(text, options) { this.message.say(text, options); }

  // --- Seen and heard ---

  /** @returns {boolean} false where a listener has taken care of it */
  tell(name, detail, { cancelable = false } = {}) {
    return this.dispatchEvent(new CustomEvent(name, { bubbles: true, cancelable, detail }));
  }

  announce(text) { if (text) this.live.textContent = text; }

  /** @param {string} what an icon of `dom.js`, or a text */
  flash(what) {
    const within = ["back", "forward"].includes(what) ? [icon(what), element("span", { text: what === "back" ? "−10" : "+10" })] : [element("span", { text: what })];
    this.flashed.replaceChildren(...within);
    this.flashed.dataset.side = what === "back" || what === "forward" ? what : "middle";
    clearTimeout(this.flashing);
    this.flashing = setTimeout(() => this.flashed.replaceChildren(), FLASH_MS);
  }

  wake() { this.idle.wake(); }

  toggleControls() { this.idle.toggle(); }

  #mayRest() {
    const focused = [this.controls.top, this.controls.bottom, this.controls.centre].some((bar) => bar.querySelector(":focus-visible"));
    return this.state === "playing" && !focused && !this.popups.open && !this.prompts.open && !this.seekBar.dragging;
  }
}

customElements.define("ott-player", OttPlayer);
