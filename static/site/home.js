import { Refusal, call, forget, handTo, keep, onSubmit, signedIn, withKid } from "./api.js";

const $ = (id) => document.getElementById(id);
const SECTIONS = ["welcome", "profiles", "watch", "account"];

function show(section) {
  for (const name of SECTIONS) $(name).hidden = name !== section;
  $("nav").hidden = section === "welcome";
  $("go-account").hidden = withKid();
  tell("");
}

/** Say something in the page's one notice, which stays until the next deed. */
function tell(text) {
  $("notice").textContent = text;
}

/** Do what a button is for, and tell what came of it: the sentence the deed returns, or why it was refused. */
async function doing(deed) {
  tell("");
  try {
    tell((await deed()) ?? "");
  } catch (refusal) {
    if (!signedIn()) show("welcome");
    else if (refusal.code === "permission_denied") {
      handTo({ kid: true }); // in another tab
      await doing(openProfiles);
    }
    tell(refusal.message);
  }
}

document.addEventListener("submit", () => tell(""), { capture: true });

function element(tag, { text = "", ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// --- Signing in, joining -------------------------------------------------------------------------------

for (const tab of document.querySelectorAll("[role=tab]")) {
  tab.addEventListener("click", () => {
    for (const one of document.querySelectorAll("[role=tab]")) {
      const chosen = one === tab;
      one.setAttribute("aria-selected", chosen);
      $(one.getAttribute("aria-controls")).hidden = !chosen;
    }
  });
}

onSubmit($("sign-in"), async (data) => {
  forget();
  keep(await call("POST", "/auth/login", { ...Object.fromEntries(data), device_name: deviceName() }));
  $("sign-in").reset();
  await openProfiles();
});

onSubmit($("join"), async (data) => {
  await call("POST", "/auth/register", Object.fromEntries(data));
  $("join").reset();
  $("tab-sign-in").click();
  const { email, password } = $("sign-in").elements;
  email.value = data.get("email");
  password.focus();
  tell("Thank you. We sent you a mail with a link; you can sign in already.");
});

$("forgot").addEventListener("click", () => {
  const email = $("sign-in").elements.email;
  if (!email.reportValidity()) return;
  $("sign-in").querySelector(".error").textContent = "";
  doing(async () => {
    await call("POST", "/auth/password/reset", { email: email.value });
    return "If there is an account with this address, a mail with a link is on its way.";
  });
});

function deviceName() {
  const platform = navigator.userAgentData?.platform ?? navigator.platform ?? "";
  return `Browser ${platform}`.trim().slice(0, 80);
}

// --- Profiles --------------------------------------------------------------------------------------------

async function openProfiles() {
  const { results } = await call("GET", "/profiles");
  const faces = results.map((profile) => {
    const note = profile.has_pin ? "PIN" : profile.kid ? "Kid" : "";
    return face(profile.name, profile.avatar, [...profile.name][0].toUpperCase(), note, () => doing(() => select(profile)));
  });
  if (results.length < 5 && !withKid()) faces.push(face("Add profile", "add", "+", "", () => $("new-profile").showModal()));
  $("profile-list").replaceChildren(...faces);
  show("profiles");
}

function face(name, avatar, letter, note, onClick) {
  const button = element("button", { class: "face", type: "button" },
    element("span", { class: `avatar ${avatar}`, text: letter, "aria-hidden": "true" }),
    element("span", { text: name }), element("small", { text: note }));
  button.addEventListener("click", onClick);
  return element("li", {}, button);
}

async function select(profile) {
  let proof = {};
  let wrong = "";
  if (profile.has_pin) proof = await ask(profile.name, "PIN", "pin", wrong);
  while (proof) {
    try {
      keep(await call("POST", `/profiles/${profile.id}/select`, proof));
      handTo(profile);
      $("hello").textContent = `Hello, ${profile.name}.`;
      return show("watch");
    } catch (refusal) {
      wrong = refusal.message;
      const field = ["password_required", "password_wrong", "pin_locked"].includes(refusal.code) ? "password" : "pin";
      if (!(refusal instanceof Refusal) || ![403, 429].includes(refusal.status)) throw refusal;
      proof = await ask(profile.name, field === "pin" ? "PIN" : "Account password", field, wrong);
    }
  }
}

/** Ask for a secret in a dialog; `{[field]: value}`, or null when the person turned away. */
function ask(title, label, field, error) {
  const [dialog, input] = [$("ask"), $("ask-input")];
  $("ask-title").textContent = title;
  $("ask-label").textContent = label;
  $("ask-error").textContent = error;
  const pin = field === "pin";
  Object.assign(input, { value: "", type: "password", inputMode: pin ? "numeric" : "text", maxLength: pin ? 4 : 128,
    pattern: pin ? "[0-9]{4}" : ".*", autocomplete: pin ? "off" : "current-password" });
  dialog.returnValue = "cancel";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok" ? { [field]: input.value } : null), { once: true });
  });
}

for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close("cancel"));
}

onSubmit($("new-profile").querySelector("form"), async (data) => {
  await call("POST", "/profiles", { name: data.get("name"), language: data.get("language"), kid: data.has("kid") });
  $("new-profile").querySelector("form").reset();
  $("new-profile").close();
  await openProfiles();
});

// --- Account ---------------------------------------------------------------------------------------------

async function openAccount() {
  const [account, devices] = await Promise.all([call("GET", "/account"), call("GET", "/auth/sessions")]);
  const facts = { "E-mail": `${account.email}${account.email_verified ? "" : " (not confirmed yet)"}`,
    Country: account.country || "–", Member: `since ${new Date(account.created_at).toLocaleDateString()}` };
  $("account-facts").replaceChildren(
    ...Object.entries(facts).flatMap(([term, fact]) => [element("dt", { text: term }), element("dd", { text: fact })]));
  $("resend").hidden = account.email_verified && !account.pending_email;
  $("devices").replaceChildren(...devices.results.map(deviceRow));
  show("account");
}

$("resend").addEventListener("click", () => doing(async () => {
  await call("POST", "/auth/email/resend");
  return "A mail with a new link is on its way.";
}));

function deviceRow(device) {
  const seen = `Last seen ${new Date(device.last_seen_at).toLocaleString()}${device.place ? `, ${device.place}` : ""}`;
  const what = element("div", {}, element("span", { text: device.device_name || "Unnamed device" }),
    element("small", { text: device.current ? "This device" : seen }));
  if (device.current) return element("li", {}, what);
  const button = element("button", { type: "button", text: "Sign out" });
  button.addEventListener("click", () => doing(async () => {
    await call("DELETE", `/auth/sessions/${device.id}`);
    await openAccount();
  }));
  return element("li", {}, what, button);
}

$("export").addEventListener("click", () => doing(async () => {
  tell("Collecting your data …");
  let copy = await call("GET", "/account/export");
  for (let tries = 0; copy.state !== "done" && tries < 30; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    copy = await call("GET", "/account/export");
  }
  if (copy.state !== "done") return "It takes longer than usual. Come back in a while.";
  const url = URL.createObjectURL(new Blob([JSON.stringify(copy.data, null, 2)], { type: "application/json" }));
  element("a", { href: url, download: "my-data.json" }).click();
  return "Your copy was downloaded.";
}));

// --- Going places ----------------------------------------------------------------------------------------

document.querySelector("[data-go=profiles]").addEventListener("click", () => doing(openProfiles));
document.querySelector("[data-go=account]").addEventListener("click", () => doing(openAccount));
$("sign-out").addEventListener("click", () => doing(() => call("POST", "/auth/logout").finally(leave)));
$("sign-out-everywhere").addEventListener("click", () => doing(() => call("POST", "/auth/logout-all").then(leave)));

function leave() {
  forget();
  show("welcome");
}

show(signedIn() ? "profiles" : "welcome");
if (signedIn()) await doing(openProfiles);
