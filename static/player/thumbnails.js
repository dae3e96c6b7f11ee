// The picture of a moment over the seek bar.

import { clock, element } from "./dom.js";

export class Thumbnails {
  /** @param {import("./engine.js").Engine} engine */
  constructor(engine) {
    this.engine = engine;
    this.picture = element("div", { class: "ott-thumb-picture", hidden: true });
    this.time = element("span", { class: "ott-thumb-time" });
    this.element = element("div", { class: "ott-thumb", "aria-hidden": "true", hidden: true }, this.picture, this.time);
    this.asked = 0;
  }

  /** @param {number} seconds @param {number} x pixels from the left of `width` pixels */
  async show(seconds, x, width) {
    const asked = ++this.asked;
    this.time.textContent = clock(seconds * 1000);
    this.element.hidden = false;
    this.#place(x, width);
    const found = await this.engine.thumbnail(seconds).catch(() => null);
    if (asked !== this.asked) return; // the pointer has moved on
    this.picture.hidden = !found;
    if (found) this.#draw(found);
    this.#place(x, width);
  }

  hide() {
    this.asked += 1;
    this.element.hidden = true;
  }

  #draw({ uri, x, y, width, height, sheetWidth, sheetHeight }) {
    const scale = this.picture.clientWidth / width;
    const { style } = this.picture;
    style.aspectRatio = `${width} / ${height}`;
    style.backgroundImage = `url("${uri.replaceAll('"', "%22")}")`;
    style.backgroundSize = `${sheetWidth * scale}px ${sheetHeight * scale}px`;
    style.backgroundPosition = `${-x * scale}px ${-y * scale}px`;
  }

  #place(x, width) {
    const half = this.element.offsetWidth / 2;
    this.element.style.left = `${Math.max(half, Math.min(width - half, x))}px`;
  }
}
