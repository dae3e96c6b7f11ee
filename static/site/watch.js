// The page that plays: asks for a session, hands it to `<ott-player>`, and says clearly when something does not play.

import { call, signedIn } from "./api.js";
import { episodeLabel, titleAddress, watchAddress } from "./cards.js";
import { $, button, element } from "./dom.js";
import { Playback } from "./playback.js";
import { Preferences } from "./preferences.js";
import { told, toldLost } from "./refusals.js";
import { askWho, asksWho, bar } from "./shell.js";
import { whichToStop } from "./streams.js";
import { Telemetry } from "./telemetry.js";
import { say } from "./words.js";
import "../player/player.js";

const slug = location.pathname.split("/")[2];
const query = new URLSearchParams(location.search);
const format = query.get("format") === "hls" ? "hls" : "dash";
// The session of this tab, so that what it left behind is not in its own way.
const PLAYING = "ottsite.playing";
const OFFLINE_RETRY_MS = 5000;
const REFUSED_RETRY_MS = 2000;
const LEAVING_MS = 1500;
const AFTER_THE_END_MS = 30_000;

if (!signedIn()) askWho();
bar();
const back = element("a", { class: "back", href: titleAddress(slug), text: say("watch.back") });
const player = element("ott-player", {}, back);
$("screen").append(player);
const telemetry = new Telemetry(player);
const [preferences, title] = signedIn() ? await Promise.all([Preferences.load(), call("GET", `/titles/${slug}`).catch(() => null)]) : [];

let playback = null;
let starting = false;
let afterTheEnd = 0;

/**
 * Begin to play.
 *
 * @param {{episode?: string, extra?: string, at?: "resume" | "start" | number, terminate?: string}} wanted `episode`, `extra`: its id; `at`: where, in
 *   milliseconds where it is a number, and without it the player asks; `terminate`: the code of the session to stop
 */
async function play(wanted) {
  if (starting) return;
  starting = true;
  quiet();
  await putAway();
  try {
    const { episode, extra, terminate } = wanted;
    const what = extra ? { extra } : episode ? { episode } : { title: slug };
    playback = await Playback.start({ ...what, ...(terminate && { terminate }) });
  } catch (refusal) {
    return refuse(refusal, wanted);
  } finally {
    starting = false;
  }
  await show(playback, wanted);
}

async function show(current, { at }) {
  const { session } = current;
  const name = nameOf(session);
  const what = { episode: session.episode_id, extra: session.extra_id };
  sessionStorage.setItem(PLAYING, session.session_id);
  document.title = `${name} · ottsite`;
  history.replaceState(null, "", watchAddress(slug, { ...what, format: query.get("format") }));
  telemetry.about(session);
  current.addEventListener("lost", ({ detail }) => lose(detail.reason, what));
  current.addEventListener("network", ({ detail }) => { if (!detail.lost) player.retry(); });
  current.attach(player);
  $("opening").hidden = true;
  const startAt = { resume: session.resume_ms, start: 0 }[at] ?? at;
  const options = { tokenOf: current.tokenOf, preferences: preferences.forPlayer(), format, title: name, startAt };
  // It says itself what it cannot play, and tells of it (`ott-error`).
  await player.load(session, options).catch((trouble) => { if (!trouble.code) throw trouble; });
}

/** Of an episode with that of its series. */
function nameOf({ name, episode_id: id }) {
  const season = title?.seasons.find((one) => one.episodes.some((episode) => episode.id === id));
  if (!id || !season) return name;
  const { number } = season.episodes.find((episode) => episode.id === id);
  return [title.name, episodeLabel({ season_number: season.number, number }), name].join(" · ");
}

/** Stop what plays; its stream is free when this resolves. */
async function putAway() {
  clearTimeout(afterTheEnd);
  const before = playback;
  playback = null;
  // First of all `stop` notes where the player is.
  await Promise.all([before?.stop(), player.unload()]);
}

// --- What does not play ----------------------------------------------------------------------------------

async function refuse(refusal, wanted) {
  if (refusal.code === undefined) throw refusal;
  if (asksWho(refusal)) return askWho();
  if (refusal.code === "stream_limit") return takeOver(refusal.problem, wanted);
  const what = told(refusal, title?.offers);
  tell(what, wanted);
  if (what.code === "offline") goOnWhenOnline(wanted);
}

function goOnWhenOnline(wanted) {
  const again = () => {
    clearTimeout(timer);
    removeEventListener("online", again);
    if ($("refused").dataset.code === "offline" && !$("refused").hidden) play(wanted);
  };
  const timer = setTimeout(again, OFFLINE_RETRY_MS);
  addEventListener("online", again);
}

async function takeOver(problem, wanted) {
  const ownRest = problem.sessions.find((one) => one.session_id === sessionStorage.getItem(PLAYING) && one.terminate);
  sessionStorage.removeItem(PLAYING);
  const terminate = ownRest?.terminate ?? (await whichToStop(problem, { again: Boolean(wanted.terminate) }));
  if (terminate) return play({ ...wanted, terminate });
  location.replace(titleAddress(slug));
}

function lose(reason, what) {
  const at = player.positionMs;
  sessionStorage.removeItem(PLAYING);
  playback = null;
  player.unload();
  tell(toldLost(reason), { ...what, at });
}

/** Say it in place of the picture, with what would help. */
function tell({ code, heading, text, help }, wanted) {
  if (document.fullscreenElement) document.exitFullscreen();
  if (document.pictureInPictureElement) document.exitPictureInPicture();
  const { terminate, ...again } = wanted;
  const [h1, sentence, done, deeds] = $("refused").firstElementChild.children;
  const HELP = {
    again: () => button(say("watch.again"), () => play(again), { class: "primary" }),
    here: () => button(say("watch.here"), () => play(again), { class: "primary" }),
    confirm: () => button(say("watch.confirm"), () => confirm(done)),
    title: () => element("a", { class: "button", href: titleAddress(slug), text: say("watch.toTitle") }),
    home: () => element("a", { class: "button", href: "/", text: say("watch.home") }),
    profiles: () => button(say("watch.profiles"), () => location.assign("/#profiles"), { class: "primary" }),
    signIn: () => button(say("watch.signIn"), askWho, { class: "primary" }),
  };
  h1.textContent = heading;
  sentence.textContent = text;
  done.textContent = "";
  deeds.replaceChildren(...help.map((name) => HELP[name]()));
  document.title = `${heading} · ottsite`;
  $("opening").hidden = true;
  $("refused").dataset.code = code;
  $("refused").hidden = false;
  deeds.firstElementChild?.focus();
}

function quiet() {
  $("refused").hidden = true;
  $("opening").hidden = false;
}

async function confirm(done) {
  try {
    await call("POST", "/auth/email/resend");
    done.textContent = say("watch.confirmed");
  } catch (refusal) {
    done.textContent = told(refusal).text;
  }
}

// --- What the player tells -------------------------------------------------------------------------------

player.addEventListener("ott-preference", ({ detail }) => preferences.note(detail));
player.addEventListener("ott-next", ({ detail }) => play({ episode: detail.episode.id, at: "start" }));
player.addEventListener("ott-stillwatching", ({ detail }) => { if (detail.answer === "no") leave(); });
player.addEventListener("ott-state", ({ detail }) => { if (detail.state === "playing") clearTimeout(afterTheEnd); });
// The stream is not held for somebody who has gone.
player.addEventListener("ott-ended", () => { afterTheEnd = setTimeout(leave, AFTER_THE_END_MS); });
player.addEventListener("ott-error", (event) => {
  if (event.detail.code !== "lease_lost") return;
  // The next beat is told why. Should the session play after all, the bytes are asked for once more.
  event.preventDefault();
  playback?.beat();
  setTimeout(() => { if (playback && !playback.over) player.retry(); }, REFUSED_RETRY_MS);
});

// --- Leaving ---------------------------------------------------------------------------------------------

async function leave() {
  const told = Promise.all([playback?.stop(), player.unload(), telemetry.flush(), preferences.save()]);
  await Promise.race([told, new Promise((done) => setTimeout(done, LEAVING_MS))]);
  location.replace(titleAddress(slug));
}

back.addEventListener("click", (event) => {
  event.preventDefault();
  leave();
});

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "hidden") return;
  playback?.beat();
  telemetry.flush({ keepalive: true });
});

addEventListener("pagehide", () => {
  playback?.stop();
  telemetry.flush({ keepalive: true });
  preferences.save({ keepalive: true });
});

// Out of the browser's memory, with a session that has ended.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

if (signedIn()) await play({ episode: query.get("episode"), extra: query.get("extra"), at: query.get("at") ?? undefined });
