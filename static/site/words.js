// What the viewer's pages say, in the language of the profile. `{name}` is a place for a value.

import { profile } from "./api.js";
import { HINDI } from "./words_hi.js";

const ENGLISH = {
  "nav.profiles": "Profiles",
  "nav.account": "Account",
  "nav.out": "Sign out",
  "home.hello": "Hello, {name}.",
  "home.goOn": "Continue watching",
  "home.all": "All titles",
  "home.everything": "Everything",
  "home.more": "Show more",
  "home.nothing": "There is nothing to watch here yet.",
  "home.remove": "Remove {name} from Continue watching",
  "home.removed": "{name} is gone from Continue watching. It does not count as watched.",
  "home.left": "{time} left",
  "home.next": "Next episode",
  "home.details": "More about it",
  "title.play": "Play",
  "title.playEpisode": "Play {episode}",
  "title.resume": "Resume",
  "title.resumeEpisode": "Resume {episode}",
  "title.over": "Start over",
  "title.back": "Home",
  "title.cast": "Cast and crew",
  "title.as": "as {name}",
  "title.season": "Season {number}",
  "title.specials": "Specials",
  "title.seasons": "{count} seasons",
  "title.oneSeason": "1 season",
  "title.episodes": "{count} episodes",
  "title.oneEpisode": "1 episode",
  "title.sound": "Audio",
  "title.subtitles": "Subtitles",
  "title.quality": "Up to",
  "title.until": "Available until {when}",
  "title.watched": "Watched",
  "title.seen": "{percent} % watched",
  "title.genres": "Genres",
  "title.venue": "Venue",
  "title.kickOff": "Kick-off",
  "title.competition": "Competition",
  "badge.premium": "Premium",
  "badge.free": "Free",
  "badge.soon": "Coming soon",
  "time.hours": "{h} h {m} min",
  "time.minutes": "{m} min",
  "time.seconds": "{s} s",
  "role.director": "Director", "role.writer": "Writer", "role.creator": "Creator", "role.producer": "Producer",
  "role.executive_producer": "Executive producer", "role.composer": "Composer", "role.cinematographer": "Cinematographer",
  "role.editor": "Film editor", "role.animator": "Animator", "role.production_designer": "Production designer",
  "role.costume_designer": "Costume designer", "role.sound": "Sound", "role.presenter": "Presenter",
  "role.commentator": "Commentator", "role.athlete": "Athlete", "role.coach": "Coach", "role.guest": "Guest star",
  "role.voice": "Voice actor", "role.actor": "Actor",
  "for.violence": "Violence", "for.sex": "Sex", "for.nudity": "Nudity", "for.language": "Strong language",
  "for.substances": "Drugs, alcohol, tobacco", "for.horror": "Horror", "for.discrimination": "Discrimination",
  "for.self_harm": "Self-harm", "for.gambling": "Gambling", "for.flashing": "Flashing light",

  "watch.back": "Back",
  "watch.opening": "One moment …",
  "watch.again": "Try again",
  "watch.here": "Play here",
  "watch.goOn": "Go on",
  "watch.toTitle": "Back to the title",
  "watch.home": "Go to the start page",
  "watch.profiles": "Choose a profile",
  "watch.signIn": "Sign in",
  "watch.confirm": "Mail me the confirming link again",
  "watch.confirmed": "A mail with a new link is on its way. Open it, then come back and try again.",
  "watch.offline": "No connection. It goes on by itself as soon as there is one again.",
  "watch.failed": "This video stopped playing.",
  "streams.title": "Too many screens at once",
  "streams.one": "Your plan plays on one screen at a time. Stop the other one to watch here.",
  "streams.many": "Your plan plays on {limit} screens at a time. Stop one of them to watch here.",
  "streams.stop": "Stop it and watch here",
  "streams.device": "Unnamed device",
  "streams.something": "Something",
  "streams.since": "since {when}",
  "streams.gone": "That code has run out. Here is what plays now.",
  "streams.cancel": "Not now",

  "not_found": "This title is not here|It does not exist, it is over, or it is not for this profile.",
  "not_available_yet": "Not yet|Its time has not come.",
  "not_available_yet.when": "Not yet|It starts on {when}.",
  "no_longer_available": "No longer available|The rights to show it have ended.",
  "territory_restricted": "Not where you are|It may not be shown in the country that you are in.",
  "maturity_restricted": "Not for this profile|It is rated above what this profile may see. Somebody whose profile allows it can watch it there.",
  "plan_required": "Not in your plan|It takes another plan, and none that has it is on sale right now.",
  "plan_required.plan": "Not in your plan|It comes with the plan {plan}.",
  "plan_required.tier": "Not in your plan|It comes with a premium plan.",
  "stream_limit": "Too many screens at once|All streams of your plan are in use.",
  "email_unverified": "Confirm your e-mail address first|We mailed you a link. Open it, then come back and try again.",
  "not_ready": "Nothing to play yet|The video is still being prepared. Look in again later.",
  "profile_required": "Who is watching?|Choose a profile first.",
  "permission_denied": "Not for this profile|This profile may not do that.",
  "not_authenticated": "You are signed out|Sign in to watch.",
  "token_expired": "You are signed out|Sign in to watch.",
  "throttled": "A little too fast|Too many requests came from here. Wait a moment and try again.",
  "throttled.wait": "A little too fast|Too many requests came from here. Try again in {seconds} seconds.",
  "service_unavailable": "Not right now|A part of the site does not answer. Try again in a moment.",
  "conflict": "Not right now|Something else is being done at the same moment. Try again.",
  "offline": "No connection|Check your network. It goes on by itself as soon as there is a connection again.",
  "validation_error": "That address is wrong|There is no such thing to play.",
  "internal_error": "Something went wrong|It is our fault, and it has been noted. Try again in a moment.",
  "unknown": "Something went wrong|The site is not available right now. Try again in a moment.",

  "lost.taken_over": "Playing on another device now|Another device took this stream over.",
  "lost.expired": "This session has ended|It was silent for too long, and your plan's streams are in use elsewhere.",
  "lost.stopped": "This session has ended|It was stopped.",
  "lost.signed_out": "You were signed out|This device was signed out. Sign in to watch.",
  "lost.profile_deleted": "This profile is gone|It was deleted. Choose another one.",
  "lost.plan_changed": "Your plan has changed|What you have now does not cover this, or not on so many screens.",
  "lost.withdrawn": "No longer available|This title was taken down.",
  "lost.staff": "This session has ended|The operator of the site ended it.",
  "lost.token": "This session has ended|It has been going on for very long.",
};

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
  return codes.map((code) => names.of(code)).join(", ");
}
