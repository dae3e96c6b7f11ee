import { call, forget, onSubmit, tokenOfLink } from "./api.js";

const form = document.getElementById("reset");
const outcome = document.getElementById("outcome");
const token = tokenOfLink();
onSubmit(form, async (data) => {
  forget();
  await call("POST", "/auth/password/reset/confirm", { token, password: data.get("password") });
  form.hidden = true;
  outcome.hidden = false;
  outcome.textContent = "Your new password is set. All devices were signed out; sign in again.";
});
