// The account page: who is signed in, passkeys, sessions, libraries; and the users of the service for its owner.
import { api, session, signInFirst } from "./api.js";
import { el, emailOf, formatBytes, fullName, show, startPage } from "./dom.js";
import { librariesSection, sharedSection } from "./libraries.js";
import { passkeysSection } from "./passkeys.js";
import { sessionsSection } from "./sessions.js";
import { usersSection } from "./users.js";

function profile(me) {
  const entries = [
    ["Name", fullName(me) || (me.is_superuser ? "Owner" : null)],
    ["E-mail", emailOf(me)],
    ["Storage", `${formatBytes(me.storage_used_bytes)} of ${formatBytes(me.storage_limit_bytes)}`],
  ];
  return el(
    "section",
    { class: "card", "aria-label": "You" },
    el(
      "dl",
      {},
      ...entries.filter(([, value]) => value).flatMap(([term, value]) => [el("dt", {}, term), el("dd", {}, value)]),
    ),
    el("div", { class: "actions" }, el("a", { class: "button", href: "/sign-out" }, "Sign out")),
  );
}

function apiKeys() {
  return el(
    "section",
    { class: "card", "aria-label": "API keys" },
    el("h2", {}, "API keys"),
    el(
      "p",
      {},
      "Programs get an API key with limited rights. Create, list and revoke keys on the ",
      el("a", { href: "/docs#/API%20keys" }, "reference page"),
      ".",
    ),
  );
}

async function start() {
  if (session.token === null) return signInFirst();
  const me = await api("GET", "/api/users/me").catch((error) => {
    if (error.status === 401) return signInFirst();
    throw error;
  });
  if (me === undefined) return;
  globalThis.document.getElementById("page").classList.add("wide");
  show(
    "Your account",
    profile(me),
    passkeysSection(),
    sessionsSection(),
    librariesSection(),
    sharedSection(),
    me.is_superuser ? usersSection(me) : null,
    apiKeys(),
  );
}

startPage(start);
