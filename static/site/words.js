// What the viewer's pages say, in the language of the profile. `{name}` is a place for a value.

import { profile } from "./api.js";
import { ENGLISH } from "./words_en.js";
import { HINDI } from "./words_hi.js";

/** The language of these pages: the profile's, else the browser's, if it is one of ours. */
export function language() {
  const wanted = profile()?.language ?? navigator.language;
  return wanted.startsWith("hi") ? "hi" : "en";
}

export function knows(key) {
  return Object.hasOwn(ENGLISH, key);
}

/** What the key stands for, with the values in their places. */
export function say(key, values = {}) {
  const said = (language() === "hi" && HINDI[key]) || ENGLISH[key] || key;
  return said.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

/** Of a heading and a sentence. */
export function sayBoth(key, values) {
  const [heading, text] = say(key, values).split("|");
  return { heading, text };
}

/** Put the words into what has `data-say`, and the language on the page. */
export function translate(root = document) {
  document.documentElement.lang = language();
  for (const one of root.querySelectorAll("[data-say]")) one.textContent = say(one.dataset.say);
}

/** A length of time, as people say it. */
export function length(ms) {
  if (!ms) return "";
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return say("time.seconds", { s: seconds });
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return say("time.minutes", { m: minutes });
  return say("time.hours", { h: Math.floor(minutes / 60), m: minutes % 60 });
}

const locale = () => (language() === "hi" ? "hi-IN" : navigator.language);

/** A moment: with the hour, or the day alone. */
export function moment(time, { hour = true } = {}) {
  return new Date(time).toLocaleString(locale(), hour ? { dateStyle: "long", timeStyle: "short" } : { dateStyle: "long" });
}

export function clock(time) {
  return new Date(time).toLocaleTimeString(locale(), { timeStyle: "short" });
}

/** Languages by their codes, named in the language of the page. */
export function languages(codes) {
  const names = new Intl.DisplayNames([language()], { type: "language", fallback: "code" });
  return codes.map((code) => (code === "und" ? say("language.original") : names.of(code))).join(", ");
}
