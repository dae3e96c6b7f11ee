// The dialogue of `stream_limit`: what plays on the account's other devices, and which of it to stop.

import { $, button, element } from "./dom.js";
import { clock, say } from "./words.js";

/**
 * @param {{limit: number, sessions: {device_name: string, profile: string|null, title: string|null, started_at: string|null, terminate: string|null}[]}} problem
 * @param {{again: boolean}} told `again`: the code that was chosen before had run out
 * @returns {Promise<string>} the code of the session to stop; "": none
 */
export function whichToStop({ limit, sessions }, { again }) {
  const dialog = $("streams");
  $("streams-text").textContent = say(limit === 1 ? "streams.one" : "streams.many", { limit });
  dialog.querySelector(".error").textContent = again ? say("streams.gone") : "";
  return new Promise((resolve) => {
    const choose = (code) => {
      resolve(code);
      dialog.close();
    };
    dialog.querySelector("ul").replaceChildren(...sessions.map((one) => row(one, choose)));
    $("streams-cancel").onclick = () => choose("");
    dialog.addEventListener("close", () => resolve(""), { once: true });
    if (!dialog.open) dialog.showModal();
  });
}

function row({ device_name: device, profile, title, started_at: since, terminate }, choose) {
  const facts = [profile, since && say("streams.since", { when: clock(since) })].filter(Boolean).join(" · ");
  return element("li", {},
    element("div", {}, element("span", { text: title ?? say("streams.something") }),
      element("small", { text: [device || say("streams.device"), facts].filter(Boolean).join(" · ") })),
    button(say("streams.stop"), () => choose(terminate), { disabled: !terminate }));
}
