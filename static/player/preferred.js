// Which sound and which subtitles somebody with these preferences would have chosen.

const same = (one, other) => Boolean(one && other) && one.split("-")[0] === other.split("-")[0];

/** Of the languages that are there: the one that was asked for, described or not; null: as it comes. */
export function preferredSound(sounds, { audio, described = false }) {
  const near = sounds.filter((one) => same(one.language, audio)).sort((a, b) => (b.language === audio) - (a.language === audio));
  return near.find((one) => one.described === described) ?? near[0] ?? null;
}

/**
 * `subtitles` is a language, "off", or "" and "auto": `subtitleLanguage`, where the sound is in another.
 * Null for none.
 */
export function preferredText(texts, sounds, { subtitles = "", subtitleLanguage = "" }) {
  const spoken = sounds.find((one) => one.active)?.language;
  const auto = ["", "auto"].includes(subtitles);
  const wanted = auto ? (same(spoken, subtitleLanguage) ? "" : subtitleLanguage) : subtitles;
  const near = texts.filter((one) => same(one.language, wanted)).sort((a, b) => (b.language === wanted) - (a.language === wanted));
  return near.find((one) => !one.sdh) ?? near[0] ?? null;
}
