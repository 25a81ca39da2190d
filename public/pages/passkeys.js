// The passkeys of the signed-in user.
import { api } from "./api.js";
import { confirmed, el, field, form, formatDate } from "./dom.js";
import { addPasskey } from "./offerPasskey.js";
import { row, rows, section } from "./section.js";
import { deviceName, passkeysWork } from "./webauthn.js";

const LAST =
  "This is your last passkey. Without one you need a one-time link, the root key or your identity provider to sign in.";

async function remove(passkey, isLast) {
  const question = isLast ? LAST : `“${passkey.name}” will no longer sign you in. Delete it?`;
  if (!(await confirmed(question, isLast ? "Delete it anyway" : "Delete"))) return false;
  await api("DELETE", `/api/sign-in/passkeys/${passkey.id}?allow_last=${isLast}`);
  return true;
}

function renameForm(passkey, change) {
  const action = async ({ name }) => {
    await api("PATCH", `/api/sign-in/passkeys/${passkey.id}`, { name });
    await change.reload();
  };
  const input = field("New name", "name", { value: passkey.name, required: true, maxlength: 100 });
  return el(
    "details",
    {},
    el("summary", { "aria-label": `Rename ${passkey.name}` }, "Rename"),
    form(change.line, "Save the name", action, [input], ""),
  );
}

function describe(passkey, isLast, change) {
  const used = passkey.last_used_at === null ? "not used yet" : `used ${formatDate(passkey.last_used_at)}`;
  return row(
    passkey.name,
    [`added ${formatDate(passkey.created_at)}, ${used}`],
    renameForm(passkey, change),
    change("Delete", () => remove(passkey, isLast), "danger"),
  );
}

export function passkeysSection() {
  return section("Passkeys", async (change) => {
    const { data } = await api("GET", "/api/sign-in/passkeys");
    return [
      rows(
        data.map((passkey) => describe(passkey, data.length === 1, change)),
        "You have no passkey. Add one to sign in by fingerprint, face or PIN.",
      ),
      passkeysWork()
        ? change("Add a passkey", () => addPasskey(deviceName()), "primary")
        : el("p", { class: "quiet" }, "This browser has no passkeys at this address."),
    ];
  });
}
