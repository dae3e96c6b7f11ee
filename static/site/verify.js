import { call, tokenOfLink } from "./api.js";

const outcome = document.getElementById("outcome");
try {
  await call("POST", "/auth/email/verify", { token: tokenOfLink() });
  outcome.textContent = "Thank you, your address is confirmed.";
} catch (refusal) {
  outcome.textContent = refusal.message;
}
