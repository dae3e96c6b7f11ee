// <ott-player>: plays what `POST playback/sessions` answered. docs/player.md tells how a page uses it.
//
// It knows no API: the page gives it sessions and tokens, and hears of everything by `ott-…` events.

import { clock, element } from "./dom.js";
import { messages } from "./messages.js";
import { Engine, Trouble, fetchLibrary, interrupted } from "./engine.js";
import { Measuring } from "./measuring.js";
import { Recovery } from "./recovery.js";
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
    this.stage = element("div", { class: "ott-stage" }, this.video, element("div", { class: "ott-shade" }));
    this.surface = element("div", { class: "ott-surface" });
    this.engine = new Engine(this.video, this.stage, {
      trouble: (trouble) => this.recovery.troubled(trouble),
      working: () => this.recovery.working(),
      changed: () => this.popups.refresh(),
      switched: (event) => this.measuring.switched(event),
    });
    this.measuring = new Measuring(this.video, this.engine, (name, detail) => this.tell(name, { ...detail, cmcd: this.cmcd() }));
    this.recovery = new Recovery(this);
    this.idle = new Idle(this, () => this.#mayRest());
    this.popups = new Popups(() => this.wake());
    this.prompts = new Prompts(() => { this.toggleAttribute("data-asking", this.prompts.open); this.wake(); });
    this.message = new Message();
    const announce = (text) => this.announce(text);
    this.skipButton = new SkipButton(this.texts, { skip: (segment) => this.#skip(segment), announce });
    this.nextCard = new NextCard(this.texts, { go: (by) => this.goNext(by), announce });
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
      this.recovery.close();
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
    this.recovery.begin();
    this.#prefer(preferences);
    this.measuring.begin(session, options.format);
    this.setAttribute("data-loading", "");
    this.enter("buffering");
    this.seekBar.begin(session.duration_ms, session.segments ?? []);
    this.skipButton.begin(session.segments ?? [], preferences.skipIntros ?? false);
    this.nextCard.begin(session.next_episode, session.segments ?? [], session.duration_ms, options.countdownS ?? COUNTDOWN_S);
    this.patience.begin(options.stillWatching);
    this.controls.begin({ ...session, name: options.title ?? session.name });
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
        await this.recovery.beforeAnother(Trouble.of(error)); // or there is no other
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
    this.recovery.reset();
    this.popups.close({ focus: false });
    this.prompts.withdraw();
    this.nextCard.end();
    this.message.say("");
    this.patience.end();
    this.video.pause();
    this.session = null;
  }

  async #resume(answer) {
    const { video } = this;
    if (answer === "over") {
      // Nor in the middle of that seek.
      if (video.readyState < 2) await new Promise((done) => video.addEventListener("loadeddata", done, { once: true }));
      // Not 0: for a tenth of a second Shaka would take that for its own seek not having happened yet, and repeat it.
      video.currentTime = 0.001;
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
    if (type === "ended") this.enter("ended");
    else if (video.ended) return;
    else if (type === "waiting" || type === "emptied") this.enter(video.paused && type === "waiting" ? "paused" : "buffering");
    else if (type === "playing") this.enter("playing");
    else if (type === "pause" || (video.paused && type === "seeking")) this.enter("paused");
    else if (type === "play" && video.readyState < 3) this.enter("buffering");
    this.controls.updatePlay();
    this.tick();
    if (type === "ended") this.tell("ott-ended", {});
  }

  enter(state) {
    if (state === this.state) return;
    this.state = state;
    this.dataset.state = state;
    this.announce(this.texts.said[state]);
    this.tell("ott-state", { state });
    if (state === "paused" || state === "ended") this.wake();
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

  /** Fetches again what failed; what could not be played at all is loaded anew, where it was. */
  retry() { this.recovery.retry(); }

  loadAgain() { return this.load(this.session, { ...this.#options, startAt: this.positionMs }); }

  #mayRest() {
    const focused = [this.controls.top, this.controls.bottom, this.controls.centre].some((bar) => bar.querySelector(":focus-visible"));
    return this.state === "playing" && !focused && !this.popups.open && !this.prompts.open && !this.seekBar.dragging;
  }
}

customElements.define("ott-player", OttPlayer);
