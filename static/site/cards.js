// What lists show of titles: a poster in the grid, a wide card for what to go on with.

import { button, element, picture, progress } from "./dom.js";
import { length, say } from "./words.js";

export const titleAddress = (slug) => `/title/${slug}`;

/** `episode`, `extra`: an id. `at`: "resume" or "start"; without it the player asks. `format`: "hls"; without it DASH. */
export function watchAddress(slug, { episode, extra, at, format } = {}) {
  const named = Object.entries({ episode, extra, at, format }).filter(([, value]) => value);
  const query = new URLSearchParams(named).toString();
  return `/watch/${slug}${query && `?${query}`}`;
}

export const episodeLabel = ({ season_number: season, number }) => `S${season} E${number}`;

export function badge(text, kind = "") {
  return element("span", { class: `badge ${kind}`.trim(), text });
}

/** Free, premium or announced, and the rating. */
export function badges({ tier, maturity, locked }) {
  const soon = locked?.code === "not_available_yet" ? badge(say("badge.soon"), "soon") : null;
  return element("span", { class: "badges" },
    soon ?? badge(say(`badge.${tier}`), tier), maturity && badge(maturity.label, "rating"));
}

/** How long it is, or how many episodes it has. */
export function extent(card) {
  if (card.kind !== "series") return length(card.duration_ms);
  return card.episode_count === 1 ? say("title.oneEpisode") : say("title.episodes", { count: card.episode_count });
}

export function titleTile(card, eager = false) {
  const facts = [card.year, extent(card)].filter(Boolean).join(" · ");
  return element("li", { class: card.locked ? "tile locked" : "tile" },
    element("a", { href: titleAddress(card.slug) },
      element("span", { class: "frame" }, picture(card.artwork.poster, { sizes: "(max-width: 45rem) 45vw, 13rem", eager }), badges(card)),
      element("span", { class: "name", text: card.name }), element("small", { text: facts })));
}

/** One row of continue-watching. What does not play for the viewer leads to where the reason is told. */
export function goOnTile(row, onRemove) {
  const { title, episode, position_ms: position, duration_ms: duration } = row;
  const still = episode?.artwork.still ?? title.artwork.backdrop ?? title.artwork.poster;
  const left = position && duration ? say("home.left", { time: length(Math.max(1000, duration - position)) }) : say(episode ? "home.next" : "title.play");
  const what = episode ? `${episodeLabel(episode)} · ${episode.name}` : "";
  const plays = !title.locked && !episode?.locked;
  const address = plays ? watchAddress(title.slug, { episode: episode?.id, at: "resume" }) : titleAddress(title.slug);
  return element("li", { class: "wide" },
    element("a", { href: address, class: "frame", "aria-label": [say("title.resume"), title.name, what, left].filter(Boolean).join(", ") },
      picture(still, { sizes: "(max-width: 45rem) 75vw, 20rem" }), plays ? element("span", { class: "go", "aria-hidden": "true" }) : null,
      progress(position, duration, say("title.seen", { percent: Math.round((100 * position) / duration) }))),
    element("div", { class: "under" },
      element("a", { class: "name", href: titleAddress(title.slug), text: title.name }),
      button("×", () => onRemove(row), { class: "plain remove", "aria-label": say("home.remove", { name: title.name }) }),
      element("small", { text: [what, left].filter(Boolean).join(" · ") })));
}
