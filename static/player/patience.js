// Whether somebody is still there: asked after some episodes that went on by themselves, or after hours without a touch.

const COUNT = "ottsite.autoplayed"; // also where each episode is a page of its own
const EPISODES = 3;
const AFTER_MS = 2 * 60 * 60 * 1000;
const INPUTS = ["pointerdown", "keydown"];

export class Patience {
  /** @param {() => boolean} playing @param {() => void} ask */
  constructor(playing, ask) {
    Object.assign(this, { playing, ask });
    this.touched = ({ isTrusted }) => { if (isTrusted) this.#reset(); };
    for (const name of INPUTS) document.addEventListener(name, this.touched, { capture: true, passive: true });
  }

  /** @param {{episodes?: number, afterMs?: number}} limits */
  begin({ episodes = EPISODES, afterMs = AFTER_MS } = {}) {
    Object.assign(this, { episodes, afterMs, active: true });
    this.#wait();
  }

  end() {
    this.active = false;
    clearTimeout(this.timer);
  }

  /** Whether another episode may go on by itself; counts it. */
  goesOn() {
    const count = Number(sessionStorage.getItem(COUNT)) + 1;
    sessionStorage.setItem(COUNT, count);
    return count < this.episodes;
  }

  close() {
    this.end();
    for (const name of INPUTS) document.removeEventListener(name, this.touched, { capture: true });
  }

  #reset() {
    sessionStorage.removeItem(COUNT);
    if (this.active) this.#wait();
  }

  #wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.playing() ? this.ask() : this.#wait()), this.afterMs);
  }
}
