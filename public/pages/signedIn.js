// Receives the code of a sign-in that began on our own pages, and exchanges it for a session.
import { api, goOn, session, takeProviderSignIn } from "./api.js";
import { el, show } from "./dom.js";

const { location, history } = globalThis;
const query = new URLSearchParams(location.search);
history.replaceState(null, "", location.pathname);

async function exchange() {
  const kept = takeProviderSignIn();
  // A code that this tab did not ask for would sign the person in to somebody else's account.
  if (kept === null || kept.state !== query.get("state")) throw new Error("This sign-in did not begin in this tab.");
  const { access_token: token } = await api(
    "POST",
    "/api/oauth/exchange",
    {
      code: query.get("code"),
      state: query.get("state"),
      error: query.get("error"),
      code_verifier: kept.verifier,
      ...(kept.invitation === null ? {} : { invitation: kept.invitation }),
    },
    null,
  );
  session.begin(token);
  goOn();
}

exchange().catch((error) => {
  show(
    "Not signed in",
    el("p", { role: "alert", class: "error" }, error.message),
    el("p", {}, el("a", { class: "button primary", href: "/sign-in" }, "Sign in again")),
  );
});
