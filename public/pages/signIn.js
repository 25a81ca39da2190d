// The sign-in page: of our own pages, and of an app that sent the browser here with ?request=…
import { api, goOn, session, startProviderSignIn } from "./api.js";
import { button, el, emailOf, field, form, messageLine, show, startPage } from "./dom.js";
import { offerPasskey } from "./offerPasskey.js";
import { passkeysWork, signWithPasskey } from "./webauthn.js";

const { location, history } = globalThis;
const request = new URLSearchParams(location.search).get("request");
const linkSecret = new URLSearchParams(location.hash.slice(1)).get("link");
// The secret leaves the address bar and the history before anything else happens.
if (linkSecret !== null) history.replaceState(null, "", location.pathname + location.search);

/** The app that gets the user, as a person knows it: a host or the scheme of an app. */
function appName(redirectUri) {
  const url = new URL(redirectUri);
  return /^https?:$/.test(url.protocol) ? url.host : url.protocol.slice(0, -1);
}

/** Opens the app with its code. A browser may open an app only after a click, so a link stays. */
function leave(redirectUrl) {
  show(
    "You are signed in",
    el("p", {}, "You can close this page when the app has opened."),
    el("p", {}, el("a", { class: "button primary", href: redirectUrl }, `Open ${appName(redirectUrl)}`)),
  );
  location.assign(redirectUrl);
}

function finish({ access_token: token, redirect_url: redirectUrl }) {
  if (redirectUrl !== null) return leave(redirectUrl);
  session.begin(token);
  return goOn();
}

/** After the root key or a link: offers a passkey, then goes on. */
async function afterRecovery({ access_token: token }) {
  session.begin(token);
  await offerPasskey();
  if (request === null) return goOn();
  return finish(await api("POST", "/api/sign-in/continue", { request }));
}

async function passkeySignIn() {
  const options = await api("POST", "/api/sign-in/passkey/options", { request }, null);
  const credential = await signWithPasskey(options);
  finish(await api("POST", "/api/sign-in/passkey", { credential, request }, null));
}

function passkeyPart(offer, line) {
  if (offer.origin !== location.origin) {
    const url = `${offer.origin}/sign-in`;
    return el("p", { class: "notice" }, "Passkeys work at ", el("a", { href: url }, url), " only.");
  }
  if (!passkeysWork()) return el("p", { class: "notice" }, "This browser has no passkeys at this address.");
  return button("Sign in with a passkey", line, passkeySignIn, "primary full");
}

function rootKeyPart() {
  const line = messageLine();
  const action = async ({ key }) => {
    const outcome = await api("POST", "/api/sign-in/root-key", undefined, key.trim()).catch((error) => {
      if (error.status === 401 || error.status === 403) throw new Error("This is not the root key.");
      throw error;
    });
    await afterRecovery(outcome);
  };
  const input = field("The owner's root key", "key", { type: "password", required: true });
  return el(
    "details",
    {},
    el("summary", {}, "First sign-in, or no passkey at hand?"),
    el(
      "p",
      { class: "quiet" },
      "Ask the owner of this service for a one-time link. The owner signs in with the root key:",
    ),
    form(line, "Sign in with the root key", action, [input], ""),
    line.element,
  );
}

function linkPart() {
  const line = messageLine();
  const action = async () => await afterRecovery(await api("POST", "/api/sign-in/link", { secret: linkSecret }, null));
  return el(
    "div",
    { class: "card" },
    el("p", {}, "This link signs you in once."),
    button("Sign in with this link", line, action, "primary full"),
    line.element,
  );
}

async function sessionPart(line) {
  if (session.token === null) return null;
  const me = await api("GET", "/api/users/me").catch(() => null);
  if (me === null) return null;
  const name = me.first_name ?? emailOf(me) ?? "this account";
  if (request === null) return button(`Continue as ${name}`, line, () => goOn(), "primary full");
  const action = async () => finish(await api("POST", "/api/sign-in/continue", { request }));
  return button(`Continue as ${name}`, line, action, "primary full");
}

async function start() {
  const query = request === null ? "" : `?${new URLSearchParams({ request })}`;
  const offer = await api("GET", `/api/sign-in${query}`, undefined, null);
  const line = messageLine();
  const target = offer.redirect_uri === null ? null : appName(offer.redirect_uri);
  const current = linkSecret === null ? await sessionPart(line) : null;
  show(
    "Sign in",
    target === null ? null : el("p", {}, "to continue to ", el("strong", {}, target)),
    linkSecret === null ? null : linkPart(),
    el(
      "div",
      { class: "card" },
      current,
      offer.has_openid_provider
        ? button("Sign in with your account", line, () => startProviderSignIn(), "primary full")
        : null,
      passkeyPart(offer, line),
      line.element,
      rootKeyPart(),
    ),
    offer.sign_up === "open" && request === null
      ? el("p", {}, "No account yet? ", el("a", { href: "/join" }, "Create one"), ".")
      : null,
    offer.sign_up === "invited"
      ? el("p", { class: "quiet" }, "No account yet? Open the invitation link that somebody sent you.")
      : null,
  );
}

startPage(start);
