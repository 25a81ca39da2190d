/** The part of oidc-provider that the test server uses: the package has no types. */
declare module "oidc-provider" {
  export class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>);
    callback(): (request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => unknown;
  }
}
