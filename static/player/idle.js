// The controls go to rest when nobody touches anything, and come back when somebody does.

const IDLE_MS = 3000;

export class Idle {
  /**
   * @param {HTMLElement} host its `data-controls` is "shown" or "hidden"
   * @param {() => boolean} may whether they may go
   */
  constructor(host, may) { Object.assign(this, { host, may, timer: 0 }); }

  wake() {
    this.host.dataset.controls = "shown";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#rest(), IDLE_MS);
  }

  toggle() {
    if (this.host.dataset.controls === "shown" && this.may()) this.host.dataset.controls = "hidden";
    else this.wake();
  }

  stop() { clearTimeout(this.timer); }

  #rest() {
    if (this.may()) this.host.dataset.controls = "hidden";
    else this.wake();
  }
}
