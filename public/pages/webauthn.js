// Translates between the API's JSON and the buffers of the browser's passkey functions.

function toBytes(text) {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(globalThis.atob(base64), (letter) => letter.codePointAt(0));
}

function toText(buffer) {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCodePoint(byte));
  return globalThis.btoa(letters.join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
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

/** Asks the browser to sign with a passkey. */
export async function signWithPasskey(options) {
  const publicKey = { ...options, challenge: toBytes(options.challenge) };
  const credential = await globalThis.navigator.credentials.get({ publicKey }).catch((error) => {
    throw explain(error);
  });
  const { clientDataJSON, authenticatorData, signature, userHandle } = credential.response;
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    clientExtensionResults: {},
    response: {
      clientDataJSON: toText(clientDataJSON),
      authenticatorData: toText(authenticatorData),
      signature: toText(signature),
      userHandle: toText(userHandle ?? new ArrayBuffer(0)),
    },
  };
}

/** Asks the browser to create a passkey. */
export async function createPasskey(options) {
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    user: { ...options.user, id: toBytes(options.user.id) },
    excludeCredentials: options.excludeCredentials.map((each) => ({ ...each, id: toBytes(each.id) })),
  };
  const credential = await globalThis.navigator.credentials.create({ publicKey }).catch((error) => {
    throw explain(error);
  });
  const { clientDataJSON, attestationObject } = credential.response;
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    clientExtensionResults: {},
    response: {
      clientDataJSON: toText(clientDataJSON),
      attestationObject: toText(attestationObject),
      transports: credential.response.getTransports?.() ?? [],
    },
  };
}

/** A name by which the person will know this device's passkey. */
export function deviceName() {
  const agent = globalThis.navigator.userAgent;
  const devices = { iPhone: "iPhone", iPad: "iPad", Android: "Android", Macintosh: "Mac", Windows: "Windows" };
  const found = Object.entries(devices).find(([word]) => agent.includes(word));
  return found?.[1] ?? (agent.includes("Linux") ? "Linux" : "Passkey");
}
