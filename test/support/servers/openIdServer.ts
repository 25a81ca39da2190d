/**
 * Two OpenID providers, running in Node: `oidc-provider` from npm, and a scripted one that is wrong in one way per first
 * path segment. The scripted one takes claims and nonce from the code, so tests need no setup.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { exportJWK, generateKeyPair, SignJWT, type JWK } from "jose";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Issuer of `oidc-provider`. */
    openIdProviderUrl: string;
    /** The URL to which `/{behaviour}` is appended: the issuer of the scripted provider. */
    openIdServerUrl: string;
  }
}

export const CLIENT = { client_id: "tintype", client_secret: "client secret 0123456789abcdef" };

async function listen(handle: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
}

/** Every name that is typed into its form is an account; its address ends in `@example.com`. */
async function createProvider(issuer: string): Promise<RequestListener> {
  const { Provider } = await import("oidc-provider");
  const redirectUris = ["app.immich:///oauth-callback", "http://localhost:3000/cb"];
  const provider = new Provider(issuer, {
    clients: [{ ...CLIENT, application_type: "native", redirect_uris: redirectUris }],
    claims: { email: ["email", "email_verified"], profile: ["name"] },
    cookies: { keys: ["a key for the cookies of a test"] },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, name: `Name of ${id}` }),
    }),
  });
  const handle = provider.callback();
  return (request, response) => void handle(request, response);
}

interface Code {
  nonce: string;
  claims: Record<string, unknown>;
}

interface SigningKey {
  kid: string;
  privateKey: CryptoKey;
  publicJwk: JWK;
}

async function createKey(kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair("RS256");
  return { kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg: "RS256", use: "sig" } };
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function discovery(issuer: string): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256", "HS256", "none"],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
  };
}

/** Endless responses of the behaviours whose name ends in `-slow`, and other faults of one endpoint. */
const faults: Record<string, (response: ServerResponse) => void> = {
  slow: () => {
    // Never responds.
  },
  "slow-body": (response) => {
    response.writeHead(200, { "content-type": "application/json" }).write('{"issuer":');
  },
  "500": (response) => sendJson(response, 500, { error: "server_error" }),
  "404": (response) => sendJson(response, 404, {}),
  html: (response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<h1>Hello</h1>");
  },
  "not-json": (response) => {
    response.writeHead(200, { "content-type": "application/json" }).end("{");
  },
  array: (response) => sendJson(response, 200, []),
  huge: (response) => sendJson(response, 200, { issuer: "x".repeat(5 * 1024 * 1024) }),
  moved: (response) => {
    response.writeHead(302, { location: "/ok/.well-known/openid-configuration" }).end();
  },
  disconnect: (response) => {
    response.destroy();
  },
};

/** Changes of the discovery document by behaviour. */
const discoveryChanges: Record<string, Record<string, unknown>> = {
  "other-issuer": { issuer: "https://accounts.example.com" },
  "no-endpoints": { authorization_endpoint: undefined, token_endpoint: undefined, jwks_uri: undefined },
  "script-endpoints": { authorization_endpoint: "javascript:alert(1)", end_session_endpoint: "javascript:alert(1)" },
  "number-endpoints": { authorization_endpoint: 7, token_endpoint: 7, jwks_uri: 7, end_session_endpoint: 7 },
  "file-endpoints": { token_endpoint: "file:///etc/passwd", jwks_uri: "file:///etc/passwd" },
  "number-algorithms": { id_token_signing_alg_values_supported: [1, null] },
  "text-algorithms": { id_token_signing_alg_values_supported: "RS256" },
  "form-secret": { token_endpoint_auth_methods_supported: ["client_secret_post"] },
  "with-iss": { authorization_response_iss_parameter_supported: true },
  "text-methods": { token_endpoint_auth_methods_supported: 7 },
};

class ScriptedProvider {
  private readonly keys: SigningKey[] = [];
  private current = 0;

  static async create(): Promise<ScriptedProvider> {
    const provider = new ScriptedProvider();
    provider.keys.push(await createKey("first"), await createKey("second"));
    return provider;
  }

  private async sign(behaviour: string, claims: Record<string, unknown>): Promise<string> {
    const [first, second] = this.keys;
    const key = behaviour === "rotation" && this.current === 1 ? second : first;
    if (key === undefined || second === undefined) throw new Error("no keys");
    if (behaviour === "alg-none") return `${encode({ alg: "none" })}.${encode(claims)}.`;
    if (behaviour === "garbage-token") return "a.b.c";
    const jwt = new SignJWT(claims);
    if (behaviour === "hs256") {
      const secret = new TextEncoder().encode(CLIENT.client_secret);
      return await jwt.setProtectedHeader({ alg: "HS256" }).sign(secret);
    }
    if (behaviour === "hs256-public-key") {
      const secret = new TextEncoder().encode(JSON.stringify(key.publicJwk));
      return await jwt.setProtectedHeader({ alg: "HS256", kid: key.kid }).sign(secret);
    }
    const signer = behaviour === "foreign-key" ? second : key;
    const kid = behaviour === "unknown-key" ? "unknown" : key.kid;
    const signed = await jwt.setProtectedHeader({ alg: "RS256", kid }).sign(signer.privateKey);
    return behaviour === "altered-token" ? `${signed.slice(0, -8)}AAAAAAAA` : signed;
  }

  private jwks(behaviour: string): unknown {
    if (behaviour === "malformed-jwks") return { keys: "none" };
    if (behaviour === "malformed-key") return { keys: [{ kty: "RSA", kid: "first", n: "!", e: 7 }] };
    if (behaviour === "symmetric-key") return { keys: [{ kty: "oct", kid: "first", k: "c2VjcmV0" }] };
    if (behaviour === "rotation") return { keys: [this.keys[this.current]?.publicJwk] };
    return { keys: [this.keys[0]?.publicJwk] };
  }

  private isAuthenticated(behaviour: string, request: IncomingMessage, form: URLSearchParams): boolean {
    const basic = `Basic ${Buffer.from(`${CLIENT.client_id}:${encodeURIComponent(CLIENT.client_secret).replaceAll("%20", "+")}`).toString("base64")}`;
    if (behaviour !== "form-secret") return request.headers.authorization === basic;
    return form.get("client_secret") === CLIENT.client_secret && request.headers.authorization === undefined;
  }

  private async sendTokens(
    behaviour: string,
    issuer: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const form = new URLSearchParams(await text(request));
    if (!this.isAuthenticated(behaviour, request, form)) return sendJson(response, 401, { error: "invalid_client" });
    const code = JSON.parse(Buffer.from(form.get("code") ?? "", "base64url").toString()) as Code;
    const now = Math.floor(Date.now() / 1000);
    const standard = { iss: issuer, aud: CLIENT.client_id, sub: "person", iat: now, exp: now + 300, nonce: code.nonce };
    const claims = Object.entries({ ...standard, ...code.claims }).filter(([, value]) => value !== null);
    const idToken = await this.sign(behaviour, Object.fromEntries(claims));
    const tokens = { access_token: form.get("code_verifier"), token_type: "Bearer", id_token: idToken };
    sendJson(response, 200, behaviour === "no-id-token" ? { ...tokens, id_token: undefined } : tokens);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const origin = `http://${request.headers.host}`;
    const [, behaviour = "", ...path] = new URL(request.url ?? "/", origin).pathname.split("/");
    const issuer = `${origin}/${behaviour}`;
    const endpoint = path.at(-1) === "openid-configuration" ? "discovery" : (path.at(-1) ?? "");
    const fault = behaviour.startsWith(`${endpoint}-`) ? faults[behaviour.slice(endpoint.length + 1)] : undefined;
    if (fault !== undefined) return fault(response);
    if (endpoint === "discovery") {
      const userInfo = behaviour.startsWith("userinfo") ? { userinfo_endpoint: `${issuer}/userinfo` } : {};
      return sendJson(response, 200, { ...discovery(issuer), ...userInfo, ...discoveryChanges[behaviour] });
    }
    if (endpoint === "jwks") return sendJson(response, 200, this.jwks(behaviour));
    if (endpoint === "userinfo") {
      return sendJson(response, 200, {
        sub: behaviour === "userinfo-other" ? "other" : "person",
        email: "a@example.com",
      });
    }
    if (endpoint === "rotate") {
      this.current = 1;
      return sendJson(response, 200, {});
    }
    if (endpoint === "token") return await this.sendTokens(behaviour, issuer, request, response);
    sendJson(response, 404, {});
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Loaded at its first request: most runs of tests need none.
  let provider: Promise<RequestListener> | undefined;
  const real = await listen((request, response) => {
    provider ??= createProvider(real.url);
    void provider.then((handle) => handle(request, response));
  });
  let scripted: Promise<ScriptedProvider> | undefined;
  const other = await listen((request, response) => {
    scripted ??= ScriptedProvider.create();
    void scripted.then(async (found) => await found.handle(request, response));
  });
  project.provide("openIdProviderUrl", real.url);
  project.provide("openIdServerUrl", other.url);
  return async () => {
    await Promise.all([close(real.server), close(other.server)]);
  };
}
