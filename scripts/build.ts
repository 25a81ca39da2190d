/** Bundles the production section the way a deploy would, into .tmp/, without an account and without uploading. */
import { join } from "node:path";
import { copyReferenceAssets } from "./assets.ts";
import { exitOf, startWrangler } from "./wrangler.ts";

copyReferenceAssets();
const args = ["deploy", "--dry-run", "--env", "production", "--outdir", join(".tmp", "build")];
process.exitCode = (await exitOf(startWrangler(args, { env: { CI: "1" } }))) ?? 1;
