// The keyboard: what each key does, and the list of them. docs/player.md has the same list.

import { element } from "./dom.js";
import { SPEEDS } from "./menus.js";

const HOLDS_TEXT = "textarea, select, [contenteditable], input:not([type=range]):not([type=checkbox]):not([type=radio]):not([type=button])";
const OF_SLIDERS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"];

/** `[keys as shown, key of the texts]` */
const SHOWN = [
  [["Space", "K"], "play"], [["J", "L", "←", "→"], "seek10"], [["0–9"], "tenths"], [["Home", "End"], "ends"], [["↑", "↓"], "volume"],
  [["M"], "mute"], [["C"], "captions"], [["F"], "full"], [["I", "P"], "pip"], [["<", ">"], "speed"], [["N"], "next"], [["?"], "help"],
];

/** @param {import("./player.js").OttPlayer} player */
export function keys(player, help) {
  const deeds = {
    " ": () => player.toggle(), k: () => player.toggle(),
    j: () => player.seekBy(-10_000, { peek: true }), l: () => player.seekBy(10_000, { peek: true }),
    ArrowLeft: () => player.seekBy(-10_000, { peek: true }), ArrowRight: () => player.seekBy(10_000, { peek: true }),
    ArrowUp: () => player.turnVolume(0.1), ArrowDown: () => player.turnVolume(-0.1),
    Home: () => player.seek(0), End: () => player.seek(player.durationMs),
    m: () => player.mute(), c: () => player.toggleText(), f: () => player.toggleFullscreen(),
    i: () => player.togglePip(), p: () => player.togglePip(), n: () => player.goNext(),
    "<": () => faster(-1), ">": () => faster(1), "?": help,
  };
  for (let tenth = 0; tenth <= 9; tenth += 1) deeds[tenth] = () => player.seek((player.durationMs * tenth) / 10);

  function faster(step) {
    const at = SPEEDS.findIndex((one) => one >= player.speed);
    player.chooseSpeed(SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + step))]);
  }

  return (event) => {
    const { key, target, ctrlKey, metaKey, altKey, defaultPrevented, repeat } = event;
    if (defaultPrevented || ctrlKey || metaKey || altKey || !player.session) return;
    const within = target instanceof Element ? target : document.body;
    if (within.closest(HOLDS_TEXT) || within.closest("dialog[open]") || document.querySelector("dialog:modal")) return;
    if (within.matches("input[type=range]") && OF_SLIDERS.includes(key)) return;
    // A button with the focus is pressed by the space bar, whosever it is.
    if (key === " " && within.closest("button, a[href], summary, [role^=menuitem], input")?.matches(":focus-visible") && !within.matches("input[type=range]")) return;
    const deed = deeds[key.length === 1 ? key.toLowerCase() : key];
    if (!deed || (repeat && !key.startsWith("Arrow") && !"jl".includes(key.toLowerCase()))) return;
    event.preventDefault();
    player.wake();
    deed();
  };
}

/** The dialog that lists them. */
export function helpDialog(texts) {
  const rows = SHOWN.flatMap(([shown, what]) => [
    element("dt", {}, ...shown.flatMap((one, n) => {
      const made = element("kbd", { text: one === "Space" ? texts.help.space : one });
      return n ? [` ${texts.help.or} `, made] : [made];
    })),
    element("dd", { text: texts.help[what] }),
  ]);
  const dialog = element("dialog", { class: "ott-help", "aria-label": texts.keys },
    element("h2", { text: texts.keys }), element("dl", {}, ...rows),
    element("form", { method: "dialog" }, element("button", { class: "ott-text-button", text: texts.close })));
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  return dialog;
}
