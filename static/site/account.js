// The account: facts, devices that are signed in, the copy of one's data. Every deed goes through the page's `doing`.

import { call } from "./api.js";
import { $, button, element } from "./dom.js";

export async function showAccount(doing) {
  const [account, devices] = await Promise.all([call("GET", "/account"), call("GET", "/auth/sessions")]);
  const facts = { "E-mail": `${account.email}${account.email_verified ? "" : " (not confirmed yet)"}`,
    Country: account.country || "–", Member: `since ${new Date(account.created_at).toLocaleDateString()}` };
  $("account-facts").replaceChildren(
    ...Object.entries(facts).flatMap(([term, fact]) => [element("dt", { text: term }), element("dd", { text: fact })]));
  $("resend").hidden = account.email_verified && !account.pending_email;
  $("devices").replaceChildren(...devices.results.map((device) => deviceRow(device, doing)));
}

function deviceRow(device, doing) {
  const seen = `Last seen ${new Date(device.last_seen_at).toLocaleString()}${device.place ? `, ${device.place}` : ""}`;
  const what = element("div", {}, element("span", { text: device.device_name || "Unnamed device" }),
    element("small", { text: device.current ? "This device" : seen }));
  if (device.current) return element("li", {}, what);
  return element("li", {}, what, button("Sign out", () => doing(async () => {
    await call("DELETE", `/auth/sessions/${device.id}`);
    await showAccount(doing);
  })));
}

export function wireAccount(doing, tell) {
  $("resend").addEventListener("click", () => doing(async () => {
    await call("POST", "/auth/email/resend");
    return "A mail with a new link is on its way.";
  }));
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
}
