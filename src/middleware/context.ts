/** What a request carries from the middleware to its handler. */
import type { Config } from "../kernel/config.ts";
import type { Principal } from "../operations/accounts/authentication.ts";
import type { Database } from "../operations/accounts/databaseSession.ts";

export interface AppEnv {
  Bindings: Cloudflare.Env;
  Variables: {
    config: Config;
    requestId: string;
    db: Database;
    principal: Principal;
    /** Which credential the caller came with: a key's id, or the owner's. */
    credentialId: string;
    nowMs: number;
    /** Origin that the URLs in answers start with. */
    origin: string;
  };
}
