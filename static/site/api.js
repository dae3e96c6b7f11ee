// The API as this site uses it. Tokens: the access token lives in memory, the refresh token in localStorage,
// which a strict Content-Security-Policy keeps to our own scripts.

const BASE = "/api/v1";
const KEY = "ottsite.refresh";
const PROFILE = "ottsite.profile";
const DEVICE = "ottsite.device";
let access = null;
let refreshing = null;

export class Refusal extends Error {
  /**
   * @param {{code: string, detail: string, errors?: {path: string, detail: string}[]}} problem with what else its code promises
   * @param {number} retryAfterS seconds to wait before it is worth a try; 0: not told
   */
  constructor(status, problem, retryAfterS = 0) {
    super(problem.errors?.map((one) => one.detail).join(" ") || problem.detail);
    this.status = status;
    this.code = problem.code;
    this.problem = problem;
    this.retryAfterS = retryAfterS;
    this.paths = problem.errors?.map((one) => one.path) ?? [];
  }
}

export const signedIn = () => Boolean(localStorage.getItem(KEY));

export function keep(grant) {
  access = grant.access;
  if (grant.refresh) localStorage.setItem(KEY, grant.refresh);
}

export function forget() {
  access = null;
  localStorage.removeItem(KEY);
  localStorage.removeItem(PROFILE);
}

/** The profile that this device was handed to: `{id, name, avatar, language, kid}`; null: none yet. */
export function profile() {
  try {
    return JSON.parse(localStorage.getItem(PROFILE));
  } catch {
    return null;
  }
}

export function handTo({ id, name, avatar, language, kid }) {
  localStorage.setItem(PROFILE, JSON.stringify({ id, name, avatar, language, kid }));
}

/** Whether a child holds this device. It decides only what is shown: what a child may do, the API decides. */
export const withKid = () => profile()?.kid === true;

export function deviceName() {
  const platform = navigator.userAgentData?.platform ?? navigator.platform ?? "";
  return `Browser ${platform}`.trim().slice(0, 80);
}

/** What this browser always calls itself when it plays. */
export function deviceId() {
  if (!localStorage.getItem(DEVICE)) localStorage.setItem(DEVICE, crypto.randomUUID());
  return localStorage.getItem(DEVICE);
}

async function send(method, path, body, { headers: extra = {}, keepalive = false } = {}) {
  const headers = { ...extra };
  if (access) headers.Authorization = `Bearer ${access}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  let data;
  try {
    response = await fetch(BASE + path, { method, headers, keepalive, body: body === undefined ? undefined : JSON.stringify(body) });
    const json = response.headers.get("Content-Type")?.includes("json");
    data = json ? await response.json() : null;
  } catch {
    throw new Refusal(0, { code: "offline", detail: "No connection. Check your network and try again." });
  }
  // What is not JSON came from a proxy on the way.
  if (!response.ok) {
    throw new Refusal(response.status, data ?? { code: "unknown", detail: "The site is not available right now. Try again in a moment." },
      Number(response.headers.get("Retry-After")) || 0);
  }
  return data;
}

// One refresh at a time, also among tabs: a refresh token works once.
function renew() {
  refreshing ??= navigator.locks
    .request(KEY, async () => keep(await send("POST", "/auth/refresh", { refresh: localStorage.getItem(KEY) })))
    .finally(() => { refreshing = null; });
  return refreshing;
}

/**
 * Call the API; renews the access token when it is not taken: it expired, or another tab changed the profile.
 *
 * `options`: more `headers`, such as an Idempotency-Key; `keepalive` for what must outlive the page.
 */
export async function call(method, path, body, options = {}) {
  if (!access && signedIn() && !path.startsWith("/auth/login")) await renewOrForget();
  try {
    return await send(method, path, body, options);
  } catch (refusal) {
    if (refusal.status !== 401 || !signedIn()) throw refusal;
    await renewOrForget();
    return send(method, path, body, options);
  }
}

/** What a `next` of a list leads to: it is a whole address, of which the path below the API is meant. */
export const follow = (address) => call("GET", address.slice(address.indexOf(BASE) + BASE.length));

async function renewOrForget() {
  try {
    await renew();
  } catch (refusal) {
    if (refusal.status === 401) forget();
    throw refusal;
  }
}

/** Run a form's deed on submit, with the button disabled meanwhile and the refusal shown. */
export function onSubmit(form, deed) {
  const error = form.querySelector(".error");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button.primary");
    error.textContent = "";
    button.disabled = true;
    try {
      await deed(new FormData(form));
    } catch (refusal) {
      error.textContent = refusal.message;
    } finally {
      button.disabled = false;
    }
  });
}

export const DEAD_LINK = "This link was used already or has expired. Ask for a new one.";

/** Post the token of a mailed link, as nobody in particular. Whatever is wrong with the token, the link is dead. */
export async function redeem(path, body) {
  try {
    await send("POST", path, body);
  } catch (refusal) {
    if (refusal.paths?.includes("token")) refusal.message = DEAD_LINK;
    throw refusal;
  }
}

/** The token of a mailed link; taken out of the address bar at once. */
export function tokenOfLink() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
  history.replaceState(null, "", location.pathname);
  return token;
}
