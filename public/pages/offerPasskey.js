// Adds a passkey for the signed-in user, and offers one after a sign-in without it.
import { api } from "./api.js";
import { button, el, field, form, messageLine, show } from "./dom.js";
import { createPasskey, deviceName, passkeysWork } from "./webauthn.js";

/** Creates a passkey on this device, or on another that the browser's dialog offers. */
export async function addPasskey(name) {
  const options = await api("POST", "/api/sign-in/passkeys/options");
  const credential = await createPasskey(options);
  return await api("POST", "/api/sign-in/passkeys", { credential, name });
}

/** Resolves when the person has added a passkey or gone on without one. */
export async function offerPasskey() {
  if (!passkeysWork()) return;
  const line = messageLine();
  await new Promise((settle) => {
    const action = async ({ name }) => {
      await addPasskey(name);
      settle();
    };
    const input = field("Name of this passkey", "name", { value: deviceName(), required: true, maxlength: 100 });
    show(
      "Add a passkey",
      el("p", {}, "With a passkey you sign in by fingerprint, face or PIN, without a key or a link."),
      el(
        "div",
        { class: "card" },
        form(line, "Add a passkey", action, [input], "primary full"),
        button("Not now", line, () => settle(), "full"),
        line.element,
      ),
    );
  });
}
