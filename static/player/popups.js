// What opens over the picture from a button of the bar: menus (WAI-ARIA menu pattern) and small dialogs. One at a time.

import { element, icon } from "./dom.js";

export class Popups {
  /** @param {() => void} changed something opened or closed */
  constructor(changed) {
    Object.assign(this, { changed, current: null });
    this.outside = ({ target }) => {
      const { current } = this;
      if (current && !current.panel.contains(target) && !current.button.contains(target)) this.close();
    };
    document.addEventListener("pointerdown", this.outside);
  }

  get open() { return Boolean(this.current); }

  /** A button's panel: `fill` gives its children each time it opens. */
  add(button, { role, label, className, fill }) {
    const panel = element("div", { role, "aria-label": label, class: `ott-panel ${className}`, hidden: true, tabindex: -1 });
    const popup = { button, panel, fill };
    button.setAttribute("aria-haspopup", role);
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => (this.current === popup ? this.close() : this.show(popup)));
    panel.addEventListener("keydown", (event) => this.#key(event, role));
    panel.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && this.current === popup && !panel.contains(relatedTarget) && relatedTarget !== button) this.close({ focus: false });
    });
    return popup;
  }

  show(popup) {
    this.close({ focus: false });
    this.current = popup;
    popup.panel.replaceChildren(...popup.fill());
    popup.panel.hidden = false;
    popup.button.setAttribute("aria-expanded", "true");
    const items = [...popup.panel.querySelectorAll("[role^=menuitem]")];
    const first = items.find((one) => one.getAttribute("aria-checked") === "true") ?? items[0] ?? popup.panel.querySelector("button, select");
    first?.focus();
    this.changed();
  }

  /** Draws what is open anew: what it shows has changed by itself. */
  refresh() {
    const popup = this.current;
    if (!popup || popup.panel.getAttribute("role") !== "menu") return;
    const at = [...popup.panel.querySelectorAll("[role^=menuitem]")].indexOf(document.activeElement);
    const { scrollTop } = popup.panel;
    popup.panel.replaceChildren(...popup.fill());
    popup.panel.querySelectorAll("[role^=menuitem]")[at]?.focus();
    popup.panel.scrollTop = scrollTop;
  }

  close({ focus = true } = {}) {
    const popup = this.current;
    if (!popup) return;
    this.current = null;
    popup.panel.hidden = true;
    popup.button.setAttribute("aria-expanded", "false");
    if (focus) popup.button.focus({ preventScroll: true });
    this.changed();
  }

  destroy() { document.removeEventListener("pointerdown", this.outside); }

  #key(event, role) {
    if (event.key === "Escape") this.close();
    else if (role === "menu" && !this.#move(event)) return;
    else if (role !== "menu") return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Up and down through all, left and right from one group to the next. */
  #move({ key, target, currentTarget }) {
    const items = [...currentTarget.querySelectorAll("[role^=menuitem]")];
    const at = items.indexOf(target);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[key];
    if (to !== undefined) items.at(to % items.length)?.focus();
    else if (key === "ArrowLeft" || key === "ArrowRight") {
      const groups = [...currentTarget.querySelectorAll("[role=group]")].filter((one) => one.querySelector("[role^=menuitem]"));
      const next = groups.at((groups.indexOf(target.closest("[role=group]")) + (key === "ArrowRight" ? 1 : -1)) % groups.length);
      (next?.querySelector("[aria-checked=true]") ?? next?.querySelector("[role^=menuitem]"))?.focus();
    } else return false;
    return true;
  }
}

/** A named group of a menu. */
export function group(label, items) {
  return element("div", { role: "group", "aria-label": label, class: "ott-group" },
    element("p", { class: "ott-group-name", text: label, "aria-hidden": "true" }), ...items);
}

/** One of several (`checked` true or false), or with `role` menuitem something that is done. */
export function item(label, { role = "menuitemradio", checked, value, lang, onclick }) {
  const text = element("span", { text: label, lang: lang || null });
  return element("button", {
    type: "button", role, tabindex: -1, class: "ott-item", "data-value": value ?? null,
    "aria-checked": checked === undefined ? null : String(checked), onclick,
  }, icon("check"), text);
}
