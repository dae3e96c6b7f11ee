// How subtitles look: size, colour, background and edge, on top of what the cues themselves ask for (places, italics).

import { element, iconButton } from "./dom.js";

const DEFAULTS = { size: "medium", color: "white", background: "none", edge: "shadow" };
const CHOICES = {
  size: ["small", "medium", "large", "huge"],
  color: ["white", "yellow", "cyan", "green"],
  background: ["none", "soft", "solid"],
  edge: ["none", "shadow", "outline"],
};
const PLURAL = { size: "sizes", color: "colors", background: "backgrounds", edge: "edges" };

/** Only what is known; the rest as by default. */
export function sound(captions) {
  const found = { ...DEFAULTS };
  for (const [name, choices] of Object.entries(CHOICES)) if (choices.includes(captions?.[name])) found[name] = captions[name];
  return found;
}

/** player.css draws by these attributes. */
export function apply(host, captions) {
  for (const [name, value] of Object.entries(captions)) host.setAttribute(`data-caption-${name}`, value);
}

/** The dialog in which they are chosen, opened from the same button as the menu that leads to it. */
export function stylePopup(popups, texts, player) {
  const made = { button: null, panel: null };
  const own = popups.add(element("button"), {
    role: "dialog", label: texts.captionStyle, className: "ott-style-panel",
    fill() {
      const selects = Object.entries(CHOICES).map(([name, choices]) => {
        const select = element("select", { name, onchange: () => player.chooseCaptions({ [name]: select.value }) },
          ...choices.map((one) => element("option", { value: one, text: texts.style[PLURAL[name]][one], selected: player.captions[name] === one })));
        return element("label", {}, element("span", { text: texts.style[name] }), select);
      });
      const reset = element("button", { type: "button", class: "ott-text-button", text: texts.style.reset, onclick: () => {
        player.chooseCaptions(DEFAULTS);
        popups.show(own);
      } });
      return [
        element("div", { class: "ott-style-head" }, iconButton("left", texts.back, () => made.button.click()),
          element("h2", { text: texts.captionStyle })),
        element("p", { class: "ott-sample" }, element("span", { class: "shaka-text-wrapper", text: texts.style.sample })),
        ...selects, reset,
      ];
    },
  });
  return { panel: own.panel, of(button) { made.button = own.button = button; return own; } };
}
