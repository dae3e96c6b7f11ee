// What a viewer is told when something does not play: a heading, a sentence, and what would help.

import { knows, moment, sayBoth } from "./words.js";

/** By code, what would help: names of deeds that the page knows how to offer. */
const HELP = {
  not_found: ["home"],
  not_available_yet: ["title"],
  no_longer_available: ["home"],
  territory_restricted: ["title"],
  maturity_restricted: ["profiles", "home"],
  plan_required: ["title"],
  email_unverified: ["confirm", "again"],
  not_ready: ["again", "title"],
  device_unsupported: ["title"],
  profile_required: ["profiles"],
  permission_denied: ["profiles"],
  not_authenticated: ["signIn"],
  token_expired: ["signIn"],
  validation_error: ["home"],
};
const HELP_OF_LOST = { signed_out: ["signIn"], profile_deleted: ["profiles"], restricted: ["profiles", "title"], withdrawn: ["home"], plan_changed: ["here", "title"] };

/**
 * @param {{code: string, problem?: object, retryAfterS?: number}} refusal of the API, or a `playable` or `locked` of a title
 * @param {{starts_at: string|null}[]} offers of the title, which know when it begins
 */
export function told(refusal, offers = []) {
  const { code, problem = {}, retryAfterS = 0 } = refusal;
  return { code, ...wording(code, problem, retryAfterS, offers), help: HELP[code] ?? ["again", "title"] };
}

function wording(code, problem, retryAfterS, offers) {
  const begins = firstStart(offers);
  if (code === "not_available_yet" && begins) return sayBoth("not_available_yet.when", { when: moment(begins) });
  if (code === "plan_required" && problem.plan) return sayBoth("plan_required.plan", { plan: named(problem.plan) });
  if (code === "plan_required" && problem.plan === undefined) return sayBoth("plan_required.tier");
  if (code === "throttled" && retryAfterS) return sayBoth("throttled.wait", { seconds: retryAfterS });
  return sayBoth(knows(code) ? code : "unknown");
}

/** A plan's slug as a name. */
const named = (slug) => slug.split("-").map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" ");

function firstStart(offers) {
  const times = offers.map((one) => one.starts_at).filter((time) => time && new Date(time) > new Date());
  return times.sort()[0] ?? null;
}

/** Of a session that plays no more, by the `reason` of its 410. */
export function toldLost(reason) {
  const key = `lost.${reason}`;
  return { code: reason, ...sayBoth(knows(key) ? key : "lost.stopped"), help: HELP_OF_LOST[reason] ?? ["here", "title"] };
}
