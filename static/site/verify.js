import { redeem, tokenOfLink } from "./api.js";

const outcome = document.getElementById("outcome");
try {
  await redeem("/auth/email/verify", { token: tokenOfLink() });
  outcome.textContent = "Thank you, your address is confirmed.";
} catch (refusal) {
  outcome.textContent = refusal.message;
}
