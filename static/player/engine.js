// Shaka Player as this player uses it: what is loaded, which tracks there are and which one plays. No controls.

const LIBRARY = new URL("../vendor/shaka-player/shaka-player.compiled-es2021.js", import.meta.url).href;
const BANDWIDTH = "ottsite.bandwidth";
// Before anything was measured: the middle of the ladder on a usual line.
const FIRST_GUESS_BPS = 3_000_000;
const RETRIES = { maxAttempts: 3, baseDelay: 400, backoffFactor: 2, fuzzFactor: 0.3, timeout: 20_000, stallTimeout: 8_000, connectionTimeout: 10_000 };
const NETWORK = { BAD_STATUS: 1001, FAILED: 1002, TIMEOUT: 1003 };
const INTERRUPTED = [7000, 7001, 7002];
// What a later request may well be answered: overload, or a token that the next heartbeat renews.
const PASSING = [0, 408, 425, 429, 500, 502, 503, 504];

let library = null;

/** Begins to fetch the library; a page that names it in a script of its own has it earlier. */
export function fetchLibrary() {
  library ??= globalThis.shaka
    ? Promise.resolve(globalThis.shaka)
    : new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = LIBRARY;
        script.addEventListener("load", () => resolve(globalThis.shaka));
        script.addEventListener("error", () => { library = null; script.remove(); reject(new Trouble("network", LIBRARY, { passing: true })); });
        document.head.append(script);
      });
  return library;
}

/** Why something did not play. `code` stays; `passing`: to try again may help. */
export class Trouble extends Error {
  constructor(code, detail, { passing = false, fatal = true } = {}) {
    super(detail);
    Object.assign(this, { code, detail: String(detail).slice(0, 500), passing, fatal });
  }

  static of(error) {
    if (error instanceof Trouble) return error;
    const { code, data = [], severity = 2 } = error;
    const fatal = severity === 2;
    if (code === NETWORK.BAD_STATUS) {
      const [, status, body] = data;
      const problem = problemOf(body);
      const passing = PASSING.includes(status) || problem === "token_expired";
      return new Trouble(problem || `http_${status}`, withoutToken(data[0]), { passing, fatal });
    }
    if (code === NETWORK.FAILED) return new Trouble("network", withoutToken(data[0]), { passing: true, fatal });
    if (code === NETWORK.TIMEOUT) return new Trouble("timeout", withoutToken(data[0]), { passing: true, fatal });
    return new Trouble(code ? `shaka_${code}` : "script", code ? data.map(String).join(" ") : `${error}`, { fatal });
  }
}

/** Of a request that was given up, because something else is played now. */
export const interrupted = (error) => INTERRUPTED.includes(error?.code);

function problemOf(body) {
  try {
    return JSON.parse(body).code ?? "";
  } catch {
    return "";
  }
}

const ADDRESS = /((?:^|\/\/[^/]+)\/(?:play|vod)\/)([^/]+)/;
const withoutToken = (uri) => String(uri ?? "").replace(ADDRESS, (_, before) => `${before}…`);
const freshened = (uri, token) => (token ? uri.replace(ADDRESS, (_, before) => before + token) : uri);

export class Engine {
  /**
   * @param {HTMLVideoElement} video
   * @param {HTMLElement} stage where subtitles are put
   * @param {{trouble: (trouble: Trouble) => void, working: () => void, changed: () => void, switched: (e: object) => void}} told
   */
  constructor(video, stage, told) {
    Object.assign(this, { video, stage, told, shaka: null, rungs: new Set(), tokenOf: () => "", manifestMs: 0 });
  }

  /** Loads so that the picture of `startS` is ready; nothing plays yet. */
  async load(session, { format = "dash", startS = 0, tokenOf = () => "", bufferAheadS = 30, preferences = {} } = {}) {
    this.tokenOf = tokenOf;
    const began = performance.now();
    await this.#prepare();
    this.shaka.resetConfiguration();
    this.shaka.configure(this.#configuration(session, { bufferAheadS, preferences }));
    // Absolute, for Shaka resolves what is in it against its address.
    const manifest = new URL(format === "hls" ? session.hls_url : session.dash_url, location.href).href;
    this.manifestMs = 0;
    this.shaka.addEventListener("manifestparsed", () => { this.manifestMs = Math.round(performance.now() - began); }, { once: true });
    this.rungs.clear();
    await this.shaka.load(manifest, startS, format === "hls" ? "application/x-mpegurl" : "application/dash+xml");
    this.heights();
  }

  async #prepare() {
    const shaka = await fetchLibrary();
    if (this.shaka) return;
    shaka.polyfill.installAll();
    this.shaka = new shaka.Player();
    this.shaka.setVideoContainer(this.stage);
    await this.shaka.attach(this.video);
    this.shaka.getNetworkingEngine().registerRequestFilter((_, request) => {
      request.uris = request.uris.map((uri) => freshened(uri, this.tokenOf()));
    });
    this.shaka.getNetworkingEngine().registerResponseFilter(() => this.told.working());
    this.shaka.addEventListener("error", ({ detail }) => { if (!interrupted(detail)) this.told.trouble(Trouble.of(detail)); });
    this.shaka.addEventListener("adaptation", (event) => this.told.switched({ ...event, oldTrack: event.oldTrack, newTrack: event.newTrack, by: "player" }));
    for (const name of ["trackschanged", "variantchanged", "textchanged", "adaptation", "audiotrackchanged"]) this.shaka.addEventListener(name, () => this.told.changed());
  }

  #configuration(session, { bufferAheadS, preferences }) {
    const known = Number(sessionStorage.getItem(BANDWIDTH));
    const { drm } = session;
    return {
      drm: drm ? { servers: { [drm.system]: drm.licence_url }, retryParameters: RETRIES } : {},
      // Kept out of the addresses (they would miss every cache): QoE events carry these keys.
      cmcd: { enabled: false },
      manifest: { retryParameters: RETRIES },
      abr: {
        defaultBandwidthEstimate: known || FIRST_GUESS_BPS,
        useNetworkInformation: !known,
        restrictToElementSize: true,
      },
      preferredAudio: preferences.audio ? [{ language: preferences.audio }] : [],
      streaming: {
        preferNativeHls: false,
        preferNativeDash: false,
        rebufferingGoal: 0,
        bufferingGoal: bufferAheadS,
        bufferBehind: 30,
        ignoreTextStreamFailures: true,
        // A network that is away is no reason to give up a rung.
        maxDisabledTime: 0,
        retryParameters: RETRIES,
        failureCallback: () => {}, // `Connection` asks again
      },
      restrictions: preferences.maxHeight ? { maxHeight: preferences.maxHeight } : {},
    };
  }

  retry() { return this.shaka?.retryStreaming(0.1) ?? false; }

  /** Remembers how fast the line was, and lets go of the film; the library stays. */
  async unload() {
    if (!this.shaka) return;
    const { estimatedBandwidth } = this.shaka.getStats();
    if (estimatedBandwidth > 0) sessionStorage.setItem(BANDWIDTH, Math.round(estimatedBandwidth * 0.8));
    await this.shaka.unload();
  }

  async destroy() {
    const { shaka } = this;
    this.shaka = null;
    await shaka?.destroy();
  }

  // --- Quality ---

  /** @returns {number[]} lines of the rungs, the sharpest first */
  heights() {
    // Remembered, for Shaka hides a rung for a while where frames of it were dropped.
    for (const { height } of this.shaka?.getVideoTracks() ?? []) this.rungs.add(height);
    return [...this.rungs].sort((a, b) => b - a);
  }

  /** Lines of what is being fetched now; 0 before anything is. */
  get height() { return this.variant?.height ?? 0; }

  get variant() { return this.shaka?.getVariantTracks().find((one) => one.active); }

  get automatic() { return this.shaka?.getConfiguration().abr.enabled ?? true; }

  /** @param {number} height one of `heights`, or 0: as the line allows */
  chooseHeight(height) {
    const old = this.variant;
    this.shaka.configure("abr.enabled", !height); // and what was hidden is there again
    if (height) {
      const all = this.shaka.getVideoTracks().filter((one) => one.height === height);
      const best = all.reduce((a, b) => (b.bandwidth > a.bandwidth ? b : a));
      this.shaka.selectVideoTrack(best, true, 1);
      this.told.switched({ oldTrack: old, newTrack: this.variant, by: "viewer" });
    }
    this.told.changed();
  }

  // --- Sound and subtitles ---

  sounds() {
    return (this.shaka?.getAudioTracks() ?? []).map((track) => ({
      track, label: track.label || track.language, language: track.language, active: track.active,
      described: track.accessibilityPurpose === "visually impaired" || track.roles.includes("description"),
    }));
  }

  chooseSound({ track }) {
    const off = !this.texts().some((one) => one.active);
    this.shaka.selectAudioTrack(track);
    if (off) this.chooseText(null);
    this.told.changed();
  }

  /** Without those that only translate what is foreign: they show themselves when subtitles are off. */
  texts() { return this.#texts().filter((one) => !one.forced); }

  #texts() {
    return (this.shaka?.getTextTracks() ?? []).map((track) => ({
      track, label: track.label || track.language, language: track.language, active: track.active, forced: track.forced,
      sdh: track.accessibilityPurpose === "hard of hearing" || track.roles.includes("caption"),
    }));
  }

  /** @param {object | null} text one of `texts`, or null: only what is foreign, if there is such a track */
  chooseText(text) {
    const spoken = this.sounds().find((one) => one.active)?.language;
    const forced = this.#texts().find((one) => one.forced && one.language === spoken);
    this.shaka.selectTextTrack((text ?? forced)?.track ?? null);
    this.told.changed();
  }

  /** Picture of a moment on its sheet, or null: `{uri, x, y, width, height, sheetWidth, sheetHeight}` in pixels. */
  async thumbnail(seconds) {
    const [track] = this.shaka?.getImageTracks() ?? [];
    const found = track && (await this.shaka.getThumbnails(track.id, seconds));
    if (!found) return null;
    return {
      uri: freshened(found.uris[0], this.tokenOf()), x: found.positionX, y: found.positionY, width: found.width,
      height: found.height, sheetWidth: found.imageWidth, sheetHeight: found.imageHeight,
    };
  }
}
