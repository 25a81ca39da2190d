/** `npm run build`: bundles the production Worker into .tmp/build, like a deploy, without an account or an upload. */
import { join } from "node:path";
import { copyFaceModels } from "./copyFaceModels.ts";
import { copyReferenceAssets } from "./copyReferenceAssets.ts";
import { waitForExit, startWrangler } from "./wrangler.ts";

copyReferenceAssets();
copyFaceModels();
const args = ["deploy", "--dry-run", "--env", "production", "--outdir", join(".tmp", "build")];
process.exitCode = (await waitForExit(startWrangler(args, { env: { CI: "1" } }))) ?? 1;
