// A network that went away: asks again by itself until it is back, at once when the browser says so.

const FIRST_MS = 1000;
const MOST_MS = 8000;

export class Connection {
  /**
   * @param {() => void} ask asks for what failed once more
   * @param {(lost: boolean) => void} changed
   */
  constructor(ask, changed) {
    Object.assign(this, { ask, changed, lost: false, wanted: false, timer: 0, delay: FIRST_MS, waiting: [] });
    this.online = () => this.#again();
    this.offline = () => { if (this.wanted) this.failing(); };
    window.addEventListener("online", this.online);
    window.addEventListener("offline", this.offline);
  }

  /** Something is to be played from now on. */
  begin() { this.wanted = true; }

  /** Something could not be fetched for now. */
  failing() {
    if (!this.lost) {
      this.lost = true;
      this.delay = FIRST_MS;
      this.changed(true);
    }
    this.#plan();
  }

  /** Something was fetched. */
  working() {
    this.#stop();
    if (!this.lost) return;
    this.lost = false;
    this.changed(false);
  }

  /** Resolves when it is time to try again. */
  next() {
    this.failing();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Nothing is wanted any more. */
  reset() {
    this.#stop();
    this.lost = this.wanted = false;
    this.#wake();
  }

  close() {
    this.reset();
    window.removeEventListener("online", this.online);
    window.removeEventListener("offline", this.offline);
  }

  #plan() {
    if (this.timer) return;
    this.timer = setTimeout(() => this.#again(), this.delay);
    this.delay = Math.min(this.delay * 2, MOST_MS);
  }

  #again() {
    if (!this.lost) return;
    this.#stop();
    this.#plan(); // should this one fail in silence
    this.#wake();
    this.ask();
  }

  #wake() {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  #stop() {
    clearTimeout(this.timer);
    this.timer = 0;
  }
}
