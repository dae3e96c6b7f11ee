// Making and finding elements; nothing of what the site is about.

export const $ = (id) => document.getElementById(id);

/** An element with its text, attributes (none for null, undefined and false) and children (none for null). */
export function element(tag, { text = "", ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function button(text, onClick, attributes = {}) {
  const made = element("button", { type: "button", text, ...attributes });
  made.addEventListener("click", onClick);
  return made;
}

const FORMATS = ["avif", "webp", "png", "jpeg"];
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";

/**
 * A picture of the API as a `<picture>`: the browser chooses the format and, by `sizes`, the width; what must stay in view
 * stays; until it has come there is its average colour. An empty frame for null.
 */
export function picture(art, { sizes, alt = "", eager = false }) {
  const frame = element("picture");
  if (!art?.variants.length) return frame;
  const sets = FORMATS.map((format) => [format, art.variants.filter((one) => one.format === format)]).filter(([, found]) => found.length);
  const [, plain] = sets.at(-1);
  for (const [format, variants] of sets.slice(0, -1)) {
    frame.append(element("source", { type: `image/${format}`, srcset: widths(variants), sizes }));
  }
  const image = element("img", { alt, width: art.width, height: art.height, loading: eager ? null : "lazy", decoding: "async",
    sizes, srcset: widths(plain), src: plain.at(-1).url });
  image.style.objectPosition = `${art.focal.x * 100}% ${art.focal.y * 100}%`;
  image.style.backgroundColor = average(art.blurhash);
  frame.append(image);
  return frame;
}

const widths = (variants) => variants.map((one) => `${one.url} ${one.width}w`).join(", ");

/** The average colour that a BlurHash begins with: its third to sixth digits are 24 bits of sRGB. */
function average(hash) {
  const value = [...hash.slice(2, 6)].reduce((sum, digit) => sum * 83 + Math.max(0, DIGITS.indexOf(digit)), 0);
  return `#${value.toString(16).padStart(6, "0").slice(-6)}`;
}

/** A bar that shows how far somebody is; null where nothing was watched. */
export function progress(positionMs, durationMs, label) {
  if (!positionMs || !durationMs) return null;
  const percent = Math.min(100, Math.max(2, (100 * positionMs) / durationMs));
  const bar = element("div", { class: "progress", role: "progressbar", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100,
    "aria-valuenow": Math.round(percent) }, element("span"));
  bar.firstChild.style.width = `${percent}%`;
  return bar;
}
