// Ends the session of our own pages, and that of the OpenID provider if there is one.
import { api, session } from "./api.js";
import { el, show } from "./dom.js";

async function signOut() {
  const hadSession = session.token !== null;
  if (hadSession) {
    const { data } = await api("GET", "/api/sessions");
    const current = data.find((each) => each.is_current);
    if (current !== undefined) await api("DELETE", `/api/sessions/${current.id}`);
  }
  session.end();
  return hadSession;
}

async function start() {
  const hadSession = await signOut().catch((error) => {
    session.end();
    // The session had ended before.
    if (error.status === 401) return true;
    throw error;
  });
  const { logout_endpoint: url } = await api("GET", "/api/oauth/logout-endpoint", undefined, null);
  const isElsewhere = new URL(url).origin !== globalThis.location.origin;
  show(
    "Signed out",
    el(
      "p",
      {},
      hadSession ? "This page is signed out." : "You were not signed in on this page.",
      " Apps stay signed in: your account page lists and ends their sessions.",
    ),
    isElsewhere ? el("p", {}, el("a", { href: url }, "Sign out at the identity provider too")) : null,
    el("p", {}, el("a", { class: "button primary", href: "/sign-in" }, "Sign in again")),
  );
}

start().catch((error) => show("Not signed out", el("p", { role: "alert", class: "error" }, error.message)));
