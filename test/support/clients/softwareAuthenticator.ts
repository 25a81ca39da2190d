/** An authenticator in software: discoverable passkeys with attestation `none`, as a browser returns them. */
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from "@simplewebauthn/server";

const encode = (bytes: Uint8Array): string => bytes.toBase64({ alphabet: "base64url", omitPadding: true });
const utf8 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(new TextEncoder().encode(text));

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

function join(...parts: ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}

/** A CBOR byte string of up to 65,535 bytes, with the shortest form of its length. */
function cborBytes(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  if (length < 24) return join([0x40 + length], bytes);
  return join(length < 256 ? [0x58, length] : [0x59, length >> 8, length & 255], bytes);
}

/** A CBOR text string of fewer than 24 bytes. */
function cborText(text: string): Uint8Array {
  return join([0x60 + text.length], utf8(text));
}

type Algorithm = "ES256" | "Ed25519" | "RS256";

const KEY_PARAMETERS = {
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  Ed25519: { name: "Ed25519" },
  RS256: { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-256" },
} as const;

/** A number of a JSON Web Key as a CBOR byte string. */
function cborNumber(text: unknown): Uint8Array {
  return cborBytes(Uint8Array.fromBase64(String(text), { alphabet: "base64url" }));
}

/** A COSE key (RFC 9053): a map of the key's type (1), algorithm (3) and parameters (-1, -2, -3). */
async function coseKey(algorithm: Algorithm, publicKey: CryptoKey): Promise<Uint8Array> {
  const key: Record<string, unknown> = { ...(await crypto.subtle.exportKey("jwk", publicKey)) };
  const [minus1, minus2, minus3] = [[0x20], [0x21], [0x22]];
  if (algorithm === "ES256") {
    return join([0xa5, 1, 2, 3, 0x26], minus1, [1], minus2, cborNumber(key["x"]), minus3, cborNumber(key["y"]));
  }
  if (algorithm === "Ed25519") return join([0xa4, 1, 1, 3, 0x27], minus1, [6], minus2, cborNumber(key["x"]));
  return join([0xa4, 1, 3, 3, 0x39, 1, 0], minus1, cborNumber(key["n"]), minus2, cborNumber(key["e"]));
}

/** A positive ASN.1 integer. */
function derInteger(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.subarray(start === -1 ? bytes.length - 1 : start);
  const padded = (digits[0] ?? 0) > 127 ? join([0], digits) : digits;
  return join([2, padded.length], padded);
}

/** ECDSA signatures are ASN.1 in WebAuthn, and two raw numbers in WebCrypto. */
function derSignature(raw: Uint8Array): Uint8Array {
  const numbers = join(derInteger(raw.subarray(0, 32)), derInteger(raw.subarray(32)));
  return join([0x30, numbers.length], numbers);
}

const [USER_PRESENT, USER_VERIFIED, HAS_CREDENTIAL] = [1, 4, 64];

interface StoredPasskey {
  id: Uint8Array<ArrayBuffer>;
  privateKey: CryptoKey;
  rpId: string;
  userHandle: string;
  counter: number;
}

/** What a test changes in a response. */
export interface Tampering {
  origin?: string;
  rpId?: string;
  challenge?: string;
  userHandle?: string;
  isVerified?: boolean;
}

export class SoftwareAuthenticator {
  readonly passkeys: StoredPasskey[] = [];

  /** `counts`: each signature increases the counter, as security keys do; synced passkeys always say 0. */
  constructor(
    private readonly origin: string,
    private readonly counts = true,
    private readonly algorithm: Algorithm = "ES256",
  ) {}

  private async authenticatorData(passkey: StoredPasskey, tampering: Tampering, attested: Uint8Array) {
    const flags = USER_PRESENT + ((tampering.isVerified ?? true) ? USER_VERIFIED : 0);
    const counter = new Uint8Array(4);
    new DataView(counter.buffer).setUint32(0, passkey.counter);
    const hasCredential = attested.length > 0 ? HAS_CREDENTIAL : 0;
    return join(await sha256(utf8(tampering.rpId ?? passkey.rpId)), [flags + hasCredential], counter, attested);
  }

  private clientData(type: string, challenge: string, tampering: Tampering): Uint8Array<ArrayBuffer> {
    const { origin = this.origin } = tampering;
    return utf8(JSON.stringify({ type, challenge: tampering.challenge ?? challenge, origin, crossOrigin: false }));
  }

  /** Answers `navigator.credentials.create()`. */
  async create(
    options: PublicKeyCredentialCreationOptionsJSON,
    tampering: Tampering = {},
  ): Promise<RegistrationResponseJSON> {
    const keys = await crypto.subtle.generateKey(KEY_PARAMETERS[this.algorithm], true, ["sign", "verify"]);
    if (!("privateKey" in keys)) throw new Error("expected a pair of keys");
    const id = crypto.getRandomValues(new Uint8Array(32));
    const { challenge, rp, user } = options;
    const passkey = { id, privateKey: keys.privateKey, rpId: rp.id ?? "", userHandle: user.id, counter: 0 };
    this.passkeys.push(passkey);
    const attested = join(new Uint8Array(16), [0, id.length], id, await coseKey(this.algorithm, keys.publicKey));
    const data = await this.authenticatorData(passkey, tampering, attested);
    const object = join(
      [0xa3],
      cborText("fmt"),
      cborText("none"),
      cborText("attStmt"),
      [0xa0],
      cborText("authData"),
      cborBytes(data),
    );
    return {
      id: encode(id),
      rawId: encode(id),
      type: "public-key",
      clientExtensionResults: {},
      response: {
        clientDataJSON: encode(this.clientData("webauthn.create", challenge, tampering)),
        attestationObject: encode(object),
        transports: ["internal"],
      },
    };
  }

  /** Answers `navigator.credentials.get()` with the newest passkey, or with `passkey`. */
  async get(
    options: PublicKeyCredentialRequestOptionsJSON,
    tampering: Tampering = {},
    passkey: StoredPasskey | undefined = this.passkeys.at(-1),
  ): Promise<AuthenticationResponseJSON> {
    if (passkey === undefined) throw new Error("the authenticator has no passkey");
    if (this.counts) passkey.counter += 1;
    const data = await this.authenticatorData(passkey, tampering, new Uint8Array());
    const clientData = this.clientData("webauthn.get", options.challenge, tampering);
    const signed = join(data, await sha256(clientData));
    const { name } = KEY_PARAMETERS[this.algorithm];
    const raw = new Uint8Array(await crypto.subtle.sign({ name, hash: "SHA-256" }, passkey.privateKey, signed));
    const signature = this.algorithm === "ES256" ? derSignature(raw) : raw;
    return {
      id: encode(passkey.id),
      rawId: encode(passkey.id),
      type: "public-key",
      clientExtensionResults: {},
      response: {
        clientDataJSON: encode(clientData),
        authenticatorData: encode(data),
        signature: encode(signature),
        userHandle: tampering.userHandle ?? passkey.userHandle,
      },
    };
  }
}
