// The start page: signing in and joining, choosing a profile, and then what there is to watch.

import { showAccount, wireAccount } from "./account.js";
import { Refusal, call, deviceName, forget, handTo, keep, onSubmit, profile, signedIn, withKid } from "./api.js";
import { showCatalogue, wireMore } from "./catalogue.js";
import { $, button, element } from "./dom.js";
import { bar, choose, hasChosen, showBar, signOut, wantedPage } from "./shell.js";

const SECTIONS = ["welcome", "profiles", "watch", "account"];

function show(section) {
  for (const name of SECTIONS) $(name).hidden = name !== section;
  document.body.dataset.section = section;
  showBar(section !== "welcome");
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
      handTo({ ...profile(), kid: true }); // in another tab
      await doing(openProfiles);
    } else if (refusal.code === "profile_required") return doing(openProfiles);
    tell(refusal.message);
  }
}

document.addEventListener("submit", () => tell(""), { capture: true });

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

// --- Profiles --------------------------------------------------------------------------------------------

async function openProfiles() {
  choose(false);
  const { results } = await call("GET", "/profiles");
  const faces = results.map((one) => {
    const note = one.has_pin ? "PIN" : one.kid ? "Kid" : "";
    return face(one.name, one.avatar, [...one.name][0].toUpperCase(), note, () => doing(() => select(one)));
  });
  if (results.length < 5 && !withKid()) faces.push(face("Add profile", "add", "+", "", () => $("new-profile").showModal()));
  $("profile-list").replaceChildren(...faces);
  show("profiles");
}

function face(name, avatar, letter, note, onClick) {
  const made = button("", onClick, { class: "face" });
  made.append(element("span", { class: `avatar ${avatar}`, text: letter, "aria-hidden": "true" }),
    element("span", { text: name }), element("small", { text: note }));
  return element("li", {}, made);
}

async function select(one) {
  let proof = {};
  let wrong = "";
  if (one.has_pin) proof = await ask(one.name, "PIN", "pin", wrong);
  while (proof) {
    try {
      keep(await call("POST", `/profiles/${one.id}/select`, proof));
      handTo(one);
      choose(true);
      const wanted = wantedPage();
      return wanted ? location.replace(wanted) : await openCatalogue();
    } catch (refusal) {
      wrong = refusal.message;
      const field = ["password_required", "password_wrong", "pin_locked"].includes(refusal.code) ? "password" : "pin";
      if (!(refusal instanceof Refusal) || ![403, 429].includes(refusal.status)) throw refusal;
      proof = await ask(one.name, field === "pin" ? "PIN" : "Account password", field, wrong);
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

for (const one of document.querySelectorAll("[data-close]")) {
  one.addEventListener("click", () => one.closest("dialog").close("cancel"));
}

onSubmit($("new-profile").querySelector("form"), async (data) => {
  await call("POST", "/profiles", { name: data.get("name"), language: data.get("language"), kid: data.has("kid") });
  $("new-profile").querySelector("form").reset();
  $("new-profile").close();
  await openProfiles();
});

// --- Going places ----------------------------------------------------------------------------------------

async function openCatalogue() {
  history.replaceState(null, "", "/");
  await showCatalogue(doing);
  show("watch");
}

async function openAccount() {
  await showAccount(doing);
  show("account");
}

function leave() {
  forget();
  choose(false);
  show("welcome");
}

$("sign-out-everywhere").addEventListener("click", () => doing(() => call("POST", "/auth/logout-all").then(leave)));
wireAccount(doing, tell);
wireMore(doing);
bar({ profiles: () => doing(openProfiles), account: () => doing(openAccount), out: () => doing(() => signOut().finally(leave)) });

function opening() {
  if (location.hash === "#account") return openAccount;
  const asks = wantedPage() || location.hash === "#profiles" || !hasChosen();
  return asks ? openProfiles : openCatalogue;
}

show(signedIn() ? "profiles" : "welcome");
if (signedIn()) await doing(opening());
