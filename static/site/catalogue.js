// The start page of a profile: what to go on with, and all titles.

import { call, follow, profile } from "./api.js";
import { extent, goOnTile, badges, titleAddress, titleTile, watchAddress } from "./cards.js";
import { $, button, element, picture } from "./dom.js";
import { say, translate } from "./words.js";

const PAGE = 24;
const EAGER = 6;

/** Show it for the profile that has this device; `doing` runs a deed and tells what came of it. */
export async function showCatalogue(doing) {
  translate();
  $("hello").textContent = say("home.hello", { name: profile().name });
  await Promise.all([showTitles(), showGenres(doing), showGoOn(doing)]);
}

// --- Going on --------------------------------------------------------------------------------------------

async function showGoOn(doing) {
  const { results } = await call("GET", "/me/continue-watching?page_size=20");
  const remove = (row) => doing(async () => {
    await call("DELETE", `/me/continue-watching/${row.id}`);
    await showGoOn(doing);
    return say("home.removed", { name: row.title.name });
  });
  $("go-on").hidden = results.length === 0;
  $("go-on-list").replaceChildren(...results.map((row) => goOnTile(row, remove)));
}

// --- All titles ------------------------------------------------------------------------------------------

let next = null;

async function showTitles(genre = "") {
  const page = await call("GET", `/titles?page_size=${PAGE}${genre && `&genre=${encodeURIComponent(genre)}`}`);
  $("titles").replaceChildren();
  append(page);
  if (!genre) showHero(page.results);
  $("nothing").hidden = page.results.length > 0;
}

function append(page) {
  next = page.next;
  const first = $("titles").childElementCount === 0;
  $("titles").append(...page.results.map((card, index) => titleTile(card, first && index < EAGER)));
  $("more").hidden = next === null;
}

/** Let `more` bring the next page; a second press while it comes brings nothing twice. */
export function wireMore(doing) {
  $("more").addEventListener("click", () => doing(async () => {
    const address = next;
    next = null;
    if (!address) return;
    try {
      append(await follow(address));
    } catch (refusal) {
      next = address;
      throw refusal;
    }
  }));
}

async function showGenres(doing) {
  const { results } = await call("GET", "/genres");
  const chips = [{ slug: "", name: say("home.everything") }, ...results].map(({ slug, name }) =>
    button(name, ({ currentTarget }) => {
      for (const one of $("genres").children) one.setAttribute("aria-pressed", one === currentTarget);
      doing(() => showTitles(slug));
    }, { class: "chip", "aria-pressed": String(slug === "") }));
  $("genres").replaceChildren(...(results.length > 1 ? chips : []));
}

/** The first that plays for the viewer and has a picture wide enough. */
function showHero(cards) {
  const card = cards.find((one) => !one.locked && one.artwork.backdrop);
  $("hero").hidden = !card;
  if (!card) return;
  $("hero").replaceChildren(
    element("div", { class: "backdrop" }, picture(card.artwork.backdrop, { sizes: "100vw", eager: true })),
    element("div", { class: "lead" },
      element("h2", { text: card.name }),
      card.tagline ? element("p", { class: "tagline", text: card.tagline }) : null,
      element("p", { class: "facts" }, badges(card), element("span", { text: [card.year, extent(card), ...card.genres.map((one) => one.name)].filter(Boolean).join(" · ") })),
      element("p", { class: "deeds" },
        element("a", { class: "button primary play", href: watchAddress(card.slug), text: say("title.play"), "aria-label": `${say("title.play")}, ${card.name}` }),
        element("a", { class: "button", href: titleAddress(card.slug), text: say("home.details") }))));
}
