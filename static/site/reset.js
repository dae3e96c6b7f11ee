import { DEAD_LINK, forget, onSubmit, redeem, tokenOfLink } from "./api.js";

const form = document.getElementById("reset");
const token = tokenOfLink();

function finish(outcome) {
  form.hidden = true;
  document.getElementById("outcome").textContent = outcome;
}

onSubmit(form, async (data) => {
  await redeem("/auth/password/reset/confirm", { token, password: data.get("password") });
  forget();
  finish("Your new password is set. All devices were signed out; sign in again.");
});
if (!token) finish(DEAD_LINK);
