// Translates between the API's JSON and the buffers of the browser's passkey functions.
import { fromBase64Url, toBase64Url } from "./base64url.js";

function toText(buffer) {
  return toBase64Url(new Uint8Array(buffer));
}

export function passkeysWork() {
  return globalThis.isSecureContext && globalThis.PublicKeyCredential !== undefined;
}

/** The browser's own messages are for developers. */
function explain(error) {
  const texts = {
    NotAllowedError: "No passkey was used: the dialog was closed, or took too long.",
    InvalidStateError: "This device has a passkey for your account already.",
    SecurityError: "Passkeys don't work at this address. Open the page at the service's own address.",
  };
  return new Error(texts[error.name] ?? `The browser can't use a passkey: ${error.message}`);
}

/** Waits for the browser's dialog. Returns the credential's JSON, with the fields of its response that `read` picks. */
async function credentialJson(dialog, read) {
  const credential = await dialog.catch((error) => {
    throw explain(error);
  });
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    clientExtensionResults: {},
    response: { clientDataJSON: toText(credential.response.clientDataJSON), ...read(credential.response) },
  };
}

/** Asks the browser to sign with a passkey. */
export async function signWithPasskey(options) {
  const publicKey = { ...options, challenge: fromBase64Url(options.challenge) };
  return await credentialJson(globalThis.navigator.credentials.get({ publicKey }), (response) => ({
    authenticatorData: toText(response.authenticatorData),
    signature: toText(response.signature),
    userHandle: toText(response.userHandle ?? new ArrayBuffer(0)),
  }));
}

/** Asks the browser to create a passkey. */
export async function createPasskey(options) {
  const publicKey = {
    ...options,
    challenge: fromBase64Url(options.challenge),
    user: { ...options.user, id: fromBase64Url(options.user.id) },
    excludeCredentials: options.excludeCredentials.map((each) => ({ ...each, id: fromBase64Url(each.id) })),
  };
  return await credentialJson(globalThis.navigator.credentials.create({ publicKey }), (response) => ({
    attestationObject: toText(response.attestationObject),
    transports: response.getTransports?.() ?? [],
  }));
}

/** A name by which the person will know this device's passkey. */
export function deviceName() {
  const agent = globalThis.navigator.userAgent;
  const devices = { iPhone: "iPhone", iPad: "iPad", Android: "Android", Macintosh: "Mac", Windows: "Windows" };
  const found = Object.entries(devices).find(([word]) => agent.includes(word));
  return found?.[1] ?? (agent.includes("Linux") ? "Linux" : "Passkey");
}
