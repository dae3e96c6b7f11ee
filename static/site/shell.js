// What every page of a viewer has: the bar on top, and the way to sign in and to choose a profile, from which one comes back.

import { call, forget, profile, signedIn, withKid } from "./api.js";
import { $ } from "./dom.js";
import { translate } from "./words.js";

const CHOSEN = "ottsite.chosen";
// Only to pages of this site that need a profile.
const WANTED = /^\/(title|watch)\/[-\w]+(\?[-\w=&]*)?$/;

/** Whether somebody said in this tab who is watching. */
export const hasChosen = () => sessionStorage.getItem(CHOSEN) !== null && profile() !== null;

export function choose(chosen) {
  if (chosen) sessionStorage.setItem(CHOSEN, "yes");
  else sessionStorage.removeItem(CHOSEN);
}

/** The page that somebody wanted to see before they had to sign in; "": none. */
export function wantedPage() {
  const wanted = new URLSearchParams(location.search).get("next") ?? "";
  return WANTED.test(wanted) ? wanted : "";
}

/** Off to sign in or to choose a profile, and back here. */
export function askWho() {
  location.replace(`/?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** Whether the refusal means that there is nobody, or no profile, yet. */
export const asksWho = (refusal) => !signedIn() || refusal.code === "profile_required" || refusal.status === 401;

export async function signOut() {
  try {
    await call("POST", "/auth/logout");
  } finally {
    forget();
    choose(false);
  }
}

/** Wire the bar; each place is a deed, for pages that have it themselves, or the start page shows it. */
export function bar({
  profiles = () => location.assign("/#profiles"),
  account = () => location.assign("/#account"),
  out = () => signOut().catch(() => {}).then(() => location.assign("/")),
} = {}) {
  translate();
  $("nav").querySelector("[data-go=profiles]").addEventListener("click", profiles);
  $("go-account").addEventListener("click", account);
  $("sign-out").addEventListener("click", out);
  showBar();
}

export function showBar(shown = signedIn()) {
  $("nav").hidden = !shown;
  $("go-account").hidden = withKid();
}
