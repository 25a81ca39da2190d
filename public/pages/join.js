// The page of an invitation link, /join#<id>.<secret>: shows what is offered, signs in or up, and joins. Without an
// invitation it creates an account, where the service is open to anyone.
import { api, comeBackHere, session, signInFirst, startProviderSignIn } from "./api.js";
import { button, el, field, form, formatDate, messageLine, show, startPage } from "./dom.js";
import { createPasskey, deviceName, passkeysWork } from "./webauthn.js";

const [id, secret] = globalThis.location.hash.slice(1).split(".");
const invitation = id && secret ? { id, secret } : null;

const ROLES = {
  viewer: "see all photos and videos",
  collaborator: "see all photos and videos, add and change them, and move them to the trash",
};

const REFUSALS = {
  expired: "This invitation has expired. Ask for a new one.",
  disabled: "This invitation was withdrawn. Ask for a new one.",
  exhausted: "All places of this invitation are taken. Ask for a new one.",
  new_invitation_required: "You were removed from this library after this invitation was made. Ask for a new one.",
};

function describe({ library, offered_role: role, expires_at: expiresAt }) {
  const owner = library.owner.display_name ?? "The owner";
  return el(
    "div",
    { class: "card" },
    el("p", {}, el("strong", {}, owner), " invites you to the photo library ", el("strong", {}, library.name), "."),
    el("p", {}, `You will be able to ${ROLES[role]}.`),
    el("p", { class: "quiet" }, `The invitation is valid until ${formatDate(expiresAt)}.`),
  );
}

function showJoined(libraryName) {
  show(
    "You have joined",
    el("p", {}, libraryName === null ? "Your account is ready." : `“${libraryName}” is now among your libraries.`),
    el("p", {}, "Sign in to your photo app with this service's address: ", el("code", {}, globalThis.location.origin)),
    el("p", {}, el("a", { class: "button primary", href: "/account" }, "Your account")),
  );
}

function joinButton(line) {
  const action = async () => {
    const { library } = await api("POST", `/api/libraries/invitations/${invitation.id}/join`, { secret });
    showJoined(library.name);
  };
  return button("Join", line, action, "primary full");
}

async function signUp({ name, email }) {
  const person = { name, email: email === "" ? null : email, invitation };
  const options = await api("POST", "/api/sign-in/sign-up/options", person, null);
  const credential = await createPasskey(options);
  const body = { ...person, credential, passkey_name: deviceName() };
  const { access_token: token, library } = await api("POST", "/api/sign-in/sign-up", body, null);
  session.begin(token);
  if (invitation !== null && library === null) throw new Error("Your account is ready, but the last place was taken.");
  showJoined(library?.name ?? null);
}

function signUpForm(line) {
  if (!passkeysWork()) {
    return el("p", { class: "notice" }, "This browser has no passkeys at this address. Open the link in another one.");
  }
  const fields = [
    field("Your name", "name", { required: true, autocomplete: "name", maxlength: 100 }),
    field(
      "E-mail (not needed)",
      "email",
      { type: "email", autocomplete: "email", maxlength: 200 },
      "Helps the owner recognize you.",
    ),
  ];
  const text = invitation === null ? "Create an account with a passkey" : "Create an account and join";
  return el(
    "div",
    {},
    el("p", { class: "quiet" }, "Your device asks for your fingerprint, face or PIN. There is no password."),
    form(line, text, signUp, fields, "primary full"),
  );
}

function newcomerPart(offer, line) {
  if (offer.has_openid_provider) {
    const action = async () => {
      comeBackHere();
      await startProviderSignIn(invitation);
    };
    return button("Sign in with your account", line, action, "primary full");
  }
  const admits = offer.sign_up === "open" || (offer.sign_up === "invited" && invitation !== null);
  return el(
    "div",
    {},
    admits ? signUpForm(line) : null,
    button("I have an account: sign in", line, () => signInFirst(), "full"),
  );
}

/** The signed-in user's view of the invitation, or that of a person who is not signed in. */
async function preview() {
  if (session.token !== null) {
    const path = `/api/libraries/invitations/${invitation.id}/preview`;
    const found = await api("POST", path, { secret }).catch((error) =>
      error.status === 401 ? null : Promise.reject(error),
    );
    if (found !== null) return found;
  }
  return await api("POST", "/api/sign-in/invitation", invitation, null);
}

async function start() {
  const offer = await api("GET", "/api/sign-in", undefined, null);
  const line = messageLine();
  if (invitation === null) {
    if (offer.sign_up !== "open") throw new Error("This link is not complete: open the whole invitation link.");
    return show("Create an account", el("div", { class: "card" }, newcomerPart(offer, line), line.element));
  }
  const found = await preview();
  if (found.eligibility === "already_member") return showJoined(found.library.name);
  const refusal = REFUSALS[found.eligibility];
  if (refusal !== undefined) throw new Error(refusal);
  const part = session.token === null ? newcomerPart(offer, line) : joinButton(line);
  return show("Invitation", describe(found), el("div", { class: "card" }, part, line.element));
}

startPage(start);
