// The two menus of the bar: what is heard and read, and how it is played.

import { iconButton } from "./dom.js";
import { group, item } from "./popups.js";

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];

/**
 * @param {import("./player.js").OttPlayer} player
 * @param {import("./popups.js").Popups} popups
 * @returns {{words: object, settings: object}} popups, of which the bar shows `button` and `panel`
 */
export function menus(player, popups, texts, { style, help }) {
  const { engine } = player;

  function chosen(deed) {
    return () => {
      deed();
      popups.refresh();
    };
  }

  function sounds() {
    return engine.sounds().map((one) => item(soundName(one, texts), {
      checked: one.active, value: one.language, lang: one.language,
      onclick: chosen(() => player.chooseSound(one)),
    }));
  }

  function subtitles() {
    const all = engine.texts();
    const off = item(texts.off, { checked: !all.some((one) => one.active), value: "off", onclick: chosen(() => player.chooseText(null)) });
    return [off, ...all.map((one) => item(textName(one, texts), {
      checked: one.active, value: one.language, lang: one.language,
      onclick: chosen(() => player.chooseText(one)),
    }))];
  }

  function qualities() {
    const { automatic, height } = engine;
    const auto = item(automatic && height ? texts.autoNow(height) : texts.auto, {
      checked: automatic, value: 0, onclick: chosen(() => player.chooseHeight(0)),
    });
    return [auto, ...engine.heights().map((one) => item(`${one}p`, {
      checked: !automatic && one === height, value: one, onclick: chosen(() => player.chooseHeight(one)),
    }))];
  }

  function speeds() {
    return SPEEDS.map((one) => item(one === 1 ? texts.normal : texts.rate(one), {
      checked: one === player.speed, value: one, onclick: chosen(() => player.chooseSpeed(one)),
    }));
  }

  const words = popups.add(iconButton("words", texts.words, null), {
    role: "menu", label: texts.words, className: "ott-words-panel",
    fill: () => [
      group(texts.audio, sounds()),
      group(texts.subtitles, [...subtitles(), item(texts.captionStyle, { role: "menuitem", value: "style", onclick: () => popups.show(style(words.button)) })]),
    ],
  });
  const settings = popups.add(iconButton("settings", texts.settings, null), {
    role: "menu", label: texts.settings, className: "ott-settings-panel",
    fill: () => [
      group(texts.quality, qualities()),
      group(texts.speed, [
        ...speeds(),
        item(texts.autoplay, { role: "menuitemcheckbox", checked: player.autoplay, value: "autoplay", onclick: chosen(() => player.chooseAutoplay(!player.autoplay)) }),
        item(texts.keys, { role: "menuitem", value: "keys", onclick: () => { popups.close(); help(); } }),
      ]),
    ],
  });
  return { words, settings };
}

export const soundName = (one, texts) => (one.described ? texts.described(one.label) : one.label);
export const textName = (one, texts) => (one.sdh ? texts.sdh(one.label) : one.label);
