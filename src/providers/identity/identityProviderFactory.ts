import type { Config } from "../../kernel/config.ts";
import type { IdentityProvider } from "./identityProvider.ts";

/** Creates the configured OpenID provider; null for the built-in sign-in. Its code is loaded at the first sign-in. */
export function createIdentityProvider({
  signIn,
  production,
}: Pick<Config, "signIn" | "production">): IdentityProvider | null {
  const { identitySource } = signIn;
  if (identitySource.kind === "built-in") return null;
  const load = async (): Promise<IdentityProvider> => {
    const { openIdConnect } = await import("./openIdConnect.ts");
    return openIdConnect(identitySource, { allowHttp: !production });
  };
  return {
    authorizationUrl: async (request) => await (await load()).authorizationUrl(request),
    redeemCode: async (redemption) => await (await load()).redeemCode(redemption),
    endSessionUrl: async () => await (await load()).endSessionUrl(),
  };
}
