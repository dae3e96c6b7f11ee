// Making elements, icons and times: what every part of the player needs.

const SVG = "http://www.w3.org/2000/svg";

/** Paths in a square of 24. */
const ICONS = {
  play: "M7 4.6v14.8c0 .8.9 1.3 1.6.8l11-7.4c.6-.4.6-1.2 0-1.6l-11-7.4C7.9 3.3 7 3.8 7 4.6z",
  pause: "M7 4h3.2v16H7zM13.8 4H17v16h-3.2z",
  back: "M12 5V1.6L6.8 6 12 10.4V7a6.2 6.2 0 1 1-6.2 6.2h-2A8.2 8.2 0 1 0 12 5z",
  forward: "M12 5V1.6L17.2 6 12 10.4V7a6.2 6.2 0 1 0 6.2 6.2h2A8.2 8.2 0 1 1 12 5z",
  loud: "M3 9v6h4l5.5 4.6V4.4L7 9zm12.4-1.5-.9 1.7a3.3 3.3 0 0 1 0 5.6l.9 1.7a5.2 5.2 0 0 0 0-9zm1.9-3.4-.9 1.7a7 7 0 0 1 0 12.4l.9 1.7a9 9 0 0 0 0-15.8z",
  quiet: "M3 9v6h4l5.5 4.6V4.4L7 9zm12.4-1.5-.9 1.7a3.3 3.3 0 0 1 0 5.6l.9 1.7a5.2 5.2 0 0 0 0-9z",
  muted: "M3 9v6h4l5.5 4.6V4.4L7 9zm19 .4L20.6 8 18 10.6 15.4 8 14 9.4l2.6 2.6-2.6 2.6 1.4 1.4 2.6-2.6 2.6 2.6 1.4-1.4-2.6-2.6z",
  next: "M5 4.8v14.4c0 .8.9 1.3 1.6.8L16 13.4V20h2.6V4H16v6.6L6.6 4c-.7-.5-1.6 0-1.6.8z",
  words: "M4 4h16a2 2 0 0 1 2 2v9.5a2 2 0 0 1-2 2h-4.6L12 21l-3.4-3.5H4a2 2 0 0 1-2-2V6c0-1.1.9-2 2-2zm1.5 4.4v1.8h6.2V8.4zm8.2 0v1.8h4.8V8.4zm-8.2 3.9v1.8h3.6v-1.8zm5.6 0v1.8h7.4v-1.8z",
  settings: "M19.4 13a7.6 7.6 0 0 0 0-2l2.1-1.6-2-3.5-2.5 1a7.3 7.3 0 0 0-1.7-1L15 3.2h-4l-.4 2.7a7.3 7.3 0 0 0-1.7 1l-2.5-1-2 3.5L6.5 11a7.6 7.6 0 0 0 0 2l-2.1 1.6 2 3.5 2.5-1c.5.4 1.1.7 1.7 1l.4 2.7h4l.4-2.7c.6-.3 1.2-.6 1.7-1l2.5 1 2-3.5zM13 15.5a3.5 3.5 0 1 1 0-7 3.5 3.5 0 0 1 0 7z",
  pip: "M21 4H3a1 1 0 0 0-1 1v14a1 1 0 0 0 1 1h18a1 1 0 0 0 1-1V5a1 1 0 0 0-1-1zm-1 14H4V6h16zm-1.5-6.5h-7v5h7z",
  full: "M4 4h6v2H6v4H4zm10 0h6v6h-2V6h-4zM4 14h2v4h4v2H4zm14 0h2v6h-6v-2h4z",
  small: "M8 4h2v6H4V8h4zm6 0h2v4h4v2h-6zM4 14h6v6H8v-4H4zm10 0h6v2h-4v4h-2z",
  check: "M9.3 17.6 3.8 12l1.5-1.5 4 4L18.7 5l1.5 1.5z",
  left: "M15.2 4.8 8 12l7.2 7.2 1.6-1.6L11.2 12l5.6-5.6z",
};

/**
 * An element with its attributes; `text` is its text, `on…` are listeners, false and null are left out.
 * @returns {HTMLElement}
 */
export function element(tag, { text, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

export function icon(name) {
  const made = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  made.setAttribute("viewBox", "0 0 24 24");
  made.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  path.setAttribute("fill-rule", "evenodd");
  made.append(path);
  return made;
}

/** A button that is an icon, and has a name for those who hear it or hover. */
export function iconButton(name, label, onclick, attributes = {}) {
  const made = element("button", { type: "button", class: `ott-button ott-${name}`, ...attributes, onclick }, icon(name));
  relabel(made, label);
  return made;
}

/** @param {string} shortcut the key that does the same */
export function relabel(button, label, shortcut = button.dataset.key ?? "") {
  button.setAttribute("aria-label", label);
  button.title = shortcut ? `${label} (${shortcut})` : label;
}

export function reicon(button, name) {
  if (button.dataset.icon === name) return;
  button.dataset.icon = name;
  button.querySelector("svg").replaceWith(icon(name));
}

/** 754000 → "12:34"; with hours where there are any. */
export function clock(ms) {
  const seconds = Math.max(0, Math.floor((ms || 0) / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (number) => String(number).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** 754000 → "12 minutes, 34 seconds", in the language of the page. */
export function spoken(ms, lang) {
  const seconds = Math.max(0, Math.floor((ms || 0) / 1000));
  const parts = [[Math.floor(seconds / 3600), "hour"], [Math.floor(seconds / 60) % 60, "minute"], [seconds % 60, "second"]];
  const said = parts
    .filter(([number, unit]) => number || (unit === "second" && seconds < 60))
    .map(([number, unit]) => new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "long" }).format(number));
  return said.join(", ");
}
