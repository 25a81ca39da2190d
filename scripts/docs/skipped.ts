/** Documented commands that the check does not run, each with the reason. */
import { type CommandBlock, splitCommands } from "./blocks.ts";

export interface Skip {
  /** Matches the start of a command. */
  pattern: RegExp;
  reason: string;
  /** Skips the rest of the block too, which depends on the command. */
  restOfBlock?: true;
}

export const skips: Skip[] = [
  { pattern: /^npm (?:ci|test)\b/, reason: "CI runs it" },
  { pattern: /^npm run (?:build|check):places/, reason: "CI runs check:places, which builds and compares" },
  {
    pattern: /^(?:npx @hey-api\/openapi-ts|python3 -m venv \.tmp\/venv && .*openapi-python-client)/,
    reason: "CI runs check:clients, which generates these clients",
    restOfBlock: true,
  },
  { pattern: /^npm run bench:places/, reason: "a measurement" },
  { pattern: /^npm run dev\b/, reason: "runs until Ctrl-C; the check's own server was started by it" },
  { pattern: /^npm run deploy(?! -- --help)/, reason: "needs an account; npm run test:slow -- deploy imitates one" },
  { pattern: /^npm run instance\b/, reason: "needs a deployed instance" },
  { pattern: /^export CLOUDFLARE_/, reason: "needs an account" },
  { pattern: /^rclone\b/, reason: "needs a bucket on an account" },
  { pattern: /^git pull\b/, reason: "changes the working copy" },
  { pattern: /^rm deploy\.env$/, reason: "deletes the settings of an instance" },
  { pattern: /^ollama\b/, reason: "downloads a model of 3 GB" },
  { pattern: /^mkdir -p \.tmp\/schemathesis/, reason: "optional; changes all data for a minute", restOfBlock: true },
  { pattern: /^\(cd photos && exiftool\b/, reason: "needs exiftool and your own photos", restOfBlock: true },
];

export interface Selection {
  /** The commands of the block that run. */
  script: string;
  skipped: { command: string; skip: Skip }[];
}

/** Separates the commands of a block that run from those that do not. */
export function selectCommands(block: CommandBlock): Selection {
  const selection: Selection = { script: "", skipped: [] };
  let rest: Skip | undefined;
  for (const { source } of splitCommands(block.text)) {
    const skip = rest ?? skips.find(({ pattern }) => pattern.test(source.trim()));
    if (skip?.restOfBlock) rest = skip;
    if (skip === undefined) selection.script += source;
    else selection.skipped.push({ command: source.trim(), skip });
  }
  return selection;
}
