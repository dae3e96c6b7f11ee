// Questions and messages over the picture: "resume?", "still watching?", and what went wrong.

import { element } from "./dom.js";

let made = 0;

export class Prompts {
  /** @param {() => void} changed */
  constructor(changed) {
    Object.assign(this, { changed, pending: null });
    this.element = element("div", { class: "ott-prompts" });
  }

  get open() { return Boolean(this.pending); }

  /**
   * Asks; the first answer is the usual one, which Escape gives as well.
   * @param {Record<string, string>} answers labels by answer
   * @returns {Promise<string>} the answer, or "" where the question was withdrawn
   */
  ask(title, answers) {
    this.withdraw();
    const id = `ott-prompt-${++made}`;
    const before = document.activeElement;
    return new Promise((resolve) => {
      const buttons = Object.entries(answers).map(([answer, label], n) => element("button", {
        type: "button", class: n ? "ott-secondary" : "ott-primary", "data-answer": answer, text: label, onclick: () => this.#answer(answer),
      }));
      const box = element("div", { role: "dialog", "aria-labelledby": id, class: "ott-prompt", onkeydown: (event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        this.#answer(Object.keys(answers)[0]);
      } }, element("h2", { id, text: title }), element("div", { class: "ott-prompt-actions" }, ...buttons));
      this.pending = { resolve, before };
      this.element.replaceChildren(box);
      this.changed();
      buttons[0].focus({ preventScroll: true });
    });
  }

  withdraw() { this.#answer(""); }

  #answer(answer) {
    const { pending } = this;
    if (!pending) return;
    this.pending = null;
    const within = this.element.contains(document.activeElement);
    this.element.replaceChildren();
    if (within && pending.before?.isConnected && pending.before !== document.body) pending.before.focus({ preventScroll: true });
    pending.resolve(answer);
    this.changed();
  }
}

export class Message {
  constructor() {
    // Both stay in the page: what appears together with its region is not announced.
    this.element = element("div", { class: "ott-message", role: "status" });
    this.text = "";
  }

  /** @param {"info" | "error"} tone */
  say(text, { action = "", onAction = null, tone = "info" } = {}) {
    this.text = text;
    this.element.setAttribute("role", tone === "error" ? "alert" : "status");
    this.element.dataset.tone = tone;
    const parts = text ? [element("p", { text })] : [];
    if (text && action) {
      parts.push(element("button", { type: "button", class: "ott-primary", text: action, onclick: () => {
        this.say("");
        onAction?.();
      } }));
    }
    this.element.replaceChildren(...parts);
  }
}
