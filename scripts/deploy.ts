/** `npm run deploy`: creates or upgrades an instance on Cloudflare. docs/deploy.md describes options and settings. */
import { parseArgs } from "node:util";
import { copyFaceModels } from "./copyFaceModels.ts";
import { copyReferenceAssets } from "./copyReferenceAssets.ts";
import { deployInstance } from "./deploy/deployment.ts";
import { terminalPrompt } from "./deploy/prompt.ts";

const HELP = `npm run deploy -- [options]

Creates the database, the bucket and the queues of an instance, or finds them, migrates, sets missing secrets, deploys
and tests the result. Repeat it to upgrade. Settings are kept in deploy.env, or in deploy.NAME.env.

  --name NAME             instance with its own data; default: tintype
  --zone HOST             serve from a host of your zone, such as photos.example.com, instead of workers.dev
  --image-delivery MODE   images-binding (default), cf-image or cdn-cgi: docs/renditions.md
  --location HINT         where a new database and bucket are created: weur, eeur, apac, oc, wnam, enam
  --jurisdiction NAME     eu, us or fedramp: a new database and bucket never leave it
  --plan PLAN             paid or free: the Workers plan of the account; detected if left out
  --import FILE           fill the new database of a new instance from a backup: docs/day-two.md
  --secret NAME           set a secret, such as DESCRIBER_API_KEY: asks for it, or takes the variable of that name
  --yes                   ask nothing; missing secrets are generated
  --help                  show this text

CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID replace the login in a browser. ROOT_API_KEY and MEDIA_SIGNING_KEY are used
for missing secrets, and are not printed. TINTYPE_KEY, the owner's key, lets the test at the end of a later deployment
upload a sample.`;

const options = {
  name: { type: "string" },
  zone: { type: "string" },
  "image-delivery": { type: "string" },
  location: { type: "string" },
  jurisdiction: { type: "string" },
  plan: { type: "string" },
  import: { type: "string" },
  secret: { type: "string" },
  yes: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

async function main(): Promise<void> {
  const { yes, help, ...values } = parseArgs({ options }).values;
  if (help) return console.log(HELP);
  copyReferenceAssets();
  copyFaceModels();
  await deployInstance(
    { ...values, key: process.env["TINTYPE_KEY"] ?? process.env["ROOT_API_KEY"] },
    terminalPrompt(yes),
  );
}

try {
  await main();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
