// The page of one title: what it is, whether it plays for the viewer and what would help, and where to go on.

import { call, signedIn } from "./api.js";
import { badges, extent, watchAddress } from "./cards.js";
import { $, element, picture, progress } from "./dom.js";
import { told } from "./refusals.js";
import { askWho, asksWho, bar } from "./shell.js";
import { languages, length, moment, say } from "./words.js";

const ON_SCREEN = ["actor", "voice", "guest", "presenter", "commentator", "athlete"];
const HISTORY = 100;

async function open() {
  const slug = location.pathname.split("/")[2];
  const [title, places] = await Promise.all([call("GET", `/titles/${slug}`), placesOf()]);
  // An address that the title used to have.
  if (title.slug !== slug) history.replaceState(null, "", `/title/${title.slug}${location.search}`);
  document.title = `${title.name} · ottsite`;
  show(title, new Places(title, places));
}

// --- Where the viewer is ---------------------------------------------------------------------------------

/** What there is to go on with is of this moment; the history is some seconds behind, but knows each episode. */
async function placesOf() {
  const [goOn, history] = await Promise.all([
    call("GET", "/me/continue-watching?page_size=100"), call("GET", `/me/history?page_size=${HISTORY}`).catch(() => ({ results: [] }))]);
  return { goOn: goOn.results, history: history.results };
}

class Places {
  constructor(title, { goOn, history }) {
    this.now = goOn.find((row) => row.id === title.id) ?? null;
    this.byId = new Map(history.filter((row) => row.title.id === title.id).map((row) => [row.id, row]));
    if (this.now) this.byId.set(this.now.episode?.id ?? title.id, { ...this.now, finished: false });
  }

  of(id) {
    return this.byId.get(id) ?? null;
  }
}

// --- What is shown ---------------------------------------------------------------------------------------

function show(title, places) {
  const { artwork } = title;
  $("hero").replaceChildren(
    element("div", { class: "backdrop" }, picture(artwork.backdrop ?? artwork.poster, { sizes: "100vw", eager: true })),
    element("div", { class: "lead with-poster" },
      element("div", { class: "poster" }, picture(artwork.poster, { sizes: "(max-width: 45rem) 9rem, 15rem", alt: artwork.poster?.alt ?? "", eager: true })),
      element("div", { class: "told" }, ...facts(title, places))));
  $("hero").classList.toggle("bare", !artwork.backdrop);
  $("seasons").replaceChildren(...title.seasons.map((season) => seasonOf(title, season, places)));
  showExtras(title);
  showEvent(title.event);
  showPeople(title.credits);
  $("title").hidden = false;
}

function facts(title, places) {
  const { tagline, synopsis, advice, maturity, genres } = title;
  const reasons = (maturity?.descriptors ?? []).filter((one) => one !== "none").map((one) => say(`for.${one}`));
  const seasons = title.kind === "series" ? [title.season_count === 1 ? say("title.oneSeason") : say("title.seasons", { count: title.season_count })] : [];
  return [
    element("h1", { text: title.name }),
    tagline ? element("p", { class: "tagline", text: tagline }) : null,
    element("p", { class: "facts" }, badges({ ...title, locked: title.playable.allowed ? null : title.playable }),
      element("span", { text: [title.year, ...seasons, extent(title), ...genres.map((one) => one.name)].filter(Boolean).join(" · ") })),
    deeds(title, places),
    synopsis ? element("p", { class: "synopsis", text: synopsis }) : null,
    reasons.length || advice ? element("p", { class: "muted", text: [reasons.join(", "), advice].filter(Boolean).join(". ") }) : null,
    tracks(title),
  ];
}

/** Buttons where it plays; where it does not, why, and what would help. */
function deeds(title, places) {
  if (!title.playable.allowed) return refusalOf(title.playable, title.offers);
  const { now } = places;
  const target = now?.episode ?? firstEpisode(title);
  if (title.kind === "series" && !target) return refusalOf({ code: "not_ready" }, []);
  if (target && title.locks[target.id]) return refusalOf(title.locks[target.id], title.offers);
  if (!target && title.placeholder) return refusalOf({ code: "not_ready" }, []);
  const label = target && `S${target.season_number} E${target.number}`;
  const [episode, started] = [target?.id, Boolean(now?.position_ms)];
  const words = started ? "title.resume" : "title.play";
  return element("div", { class: "deeds" },
    element("a", { class: "button primary play", href: watchAddress(title.slug, { episode, at: started ? "resume" : "start" }),
      text: label ? say(`${words}Episode`, { episode: label }) : say(words) }),
    started ? element("a", { class: "button", href: watchAddress(title.slug, { episode, at: "start" }), text: say("title.over") }) : null,
    progress(now?.position_ms, now?.duration_ms, seen(now)),
    until(title.offers));
}

const seen = (place) => (place?.duration_ms ? say("title.seen", { percent: Math.round((100 * place.position_ms) / place.duration_ms) }) : "");

function firstEpisode(title) {
  const seasons = [...title.seasons].sort((a, b) => (a.number || Infinity) - (b.number || Infinity));
  for (const season of seasons) {
    const found = season.episodes.find((one) => !one.placeholder && !title.locks[season.id] && !title.locks[one.id]);
    if (found) return { ...found, season_number: season.number };
  }
  return null;
}

function refusalOf(refusal, offers) {
  const { heading, text } = told(refusal, offers);
  return element("div", { class: "refusal", role: "note", "data-code": refusal.code }, element("strong", { text: heading }), element("span", { text }));
}

/** The end of the last window that is open, if all of them end. */
function until(offers) {
  const open = offers.filter((one) => !one.starts_at || new Date(one.starts_at) <= new Date());
  if (!open.length || open.some((one) => !one.ends_at)) return null;
  const end = open.map((one) => one.ends_at).sort().at(-1);
  return element("p", { class: "muted", text: say("title.until", { when: moment(end, { hour: false }) }) });
}

function tracks(title) {
  const found = title.tracks ?? title.seasons.flatMap((season) => season.episodes).find((one) => one.tracks)?.tracks;
  if (!found) return null;
  const rows = { "title.sound": languages(found.audio), "title.subtitles": languages(found.subtitles),
    "title.quality": found.heights.length ? `${Math.max(...found.heights)}p` : "" };
  return element("dl", { class: "tracks" }, ...Object.entries(rows).filter(([, what]) => what)
    .flatMap(([key, what]) => [element("dt", { text: say(key) }), element("dd", { text: what })]));
}

// --- Seasons and episodes --------------------------------------------------------------------------------

function seasonOf(title, season, places) {
  const heading = season.name || (season.number ? say("title.season", { number: season.number }) : say("title.specials"));
  return element("section", {},
    element("h2", { text: heading }),
    season.synopsis ? element("p", { class: "muted", text: season.synopsis }) : null,
    element("ol", { class: "episodes" }, ...season.episodes.map((episode) => episodeOf(title, season, episode, places.of(episode.id)))));
}

function episodeOf(title, season, episode, place) {
  const lock = title.playable.allowed ? title.locks[season.id] ?? title.locks[episode.id] ?? (episode.placeholder ? { code: "not_ready" } : null) : title.playable;
  const started = place && !place.finished && place.position_ms > 0;
  const still = element("span", { class: "frame" }, picture(episode.artwork.still, { sizes: "(max-width: 45rem) 9rem, 14rem" }),
    lock ? null : element("span", { class: "go", "aria-hidden": "true" }),
    place?.finished ? progress(1, 1, say("title.watched")) : started ? progress(place.position_ms, place.duration_ms, seen(place)) : null);
  const name = `${episode.number}. ${episode.name}`;
  const address = watchAddress(title.slug, { episode: episode.id, at: started ? "resume" : "start" });
  const facts = [length(episode.duration_ms), place?.finished ? say("title.watched") : started ? seen(place) : ""].filter(Boolean).join(" · ");
  return element("li", { "data-episode": episode.id },
    lock ? still : element("a", { href: address, "aria-label": `${say(started ? "title.resume" : "title.play")}, ${name}` }, still),
    element("div", {},
      element("h3", {}, lock ? name : element("a", { href: address, text: name })),
      element("p", { class: "muted", text: facts }),
      episode.synopsis ? element("p", { text: episode.synopsis }) : null,
      lock && title.playable.allowed ? refusalOf(lock, []) : null));
}

/** They play for whoever sees the title, whatever their plan. */
function showExtras({ slug, extras }) {
  const there = extras.filter((one) => !one.placeholder);
  $("extras").hidden = !there.length;
  $("extras").querySelector("ul").replaceChildren(...there.map((one) =>
    element("li", {}, element("a", { href: watchAddress(slug, { extra: one.id }), text: one.name }), element("small", { text: length(one.duration_ms) }))));
}

// --- People, and what sport has --------------------------------------------------------------------------

function showPeople(credits) {
  const rows = credits.map(({ person, role, character }) => element("li", { text: person.name },
    element("small", { text: character ? say("title.as", { name: character }) : say(`role.${role}`) })));
  const onScreen = rows.filter((_, index) => ON_SCREEN.includes(credits[index].role));
  const others = rows.filter((_, index) => !ON_SCREEN.includes(credits[index].role));
  $("people").hidden = !rows.length;
  $("people").querySelector("ul").replaceChildren(...onScreen, ...others);
}

function showEvent(event) {
  $("event").hidden = !event;
  if (!event) return;
  const rows = { "title.competition": [event.competition, event.season, event.round].filter(Boolean).join(", "), "title.venue": event.venue,
    "title.kickOff": event.kick_off_at ? moment(event.kick_off_at) : "" };
  $("event").replaceChildren(
    element("h2", { text: event.teams.map((team) => team.name).join(" – ") || event.sport }),
    element("dl", {}, ...Object.entries(rows).filter(([, what]) => what).flatMap(([key, what]) => [element("dt", { text: say(key) }), element("dd", { text: what })])));
}

function refuse(refusal) {
  const { heading, text } = told(refusal);
  const [h1, p] = $("refused").children;
  h1.textContent = document.title = heading;
  p.textContent = text;
  $("refused").dataset.code = refusal.code;
  $("refused").hidden = false;
}

bar();
if (!signedIn()) askWho();
else {
  try {
    await open();
  } catch (refusal) {
    if (refusal.code !== undefined && asksWho(refusal)) askWho();
    else refuse(refusal);
  }
}
// What was watched meanwhile is shown when one comes back here.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
