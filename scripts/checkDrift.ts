/**
 * Fails when src/records/schema/schema.ts says something that no migration does. Works on a copy: never writes to migrations/.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

// Inside the project, because drizzle-kit takes `out` relative to the working directory.
const copy = join(".tmp", "drift");

function migrationNames(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.endsWith(".sql"));
}

function generate(): void {
  const bin = resolve("node_modules/drizzle-kit/bin.cjs");
  const args = [
    bin,
    "generate",
    "--dialect",
    "sqlite",
    "--schema",
    "./src/records/schema/schema.ts",
    "--out",
    `./${copy}`,
  ];
  const run = spawnSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  if (run.status !== 0) throw new Error(`drizzle-kit generate failed:\n${run.stdout}${run.stderr}`);
}

rmSync(copy, { recursive: true, force: true });
mkdirSync(copy, { recursive: true });
cpSync("migrations", copy, { recursive: true });
try {
  generate();
  const known = new Set(migrationNames("migrations"));
  const missing = migrationNames(copy).filter((name) => !known.has(name));
  for (const name of missing) {
    console.error(`The schema has changed without a migration. Run npm run db:generate, which will write:\n`);
    console.error(readFileSync(join(copy, name), "utf8"));
  }
  if (missing.length > 0) process.exitCode = 1;
  else console.log("The migrations say what the schema says.");
} finally {
  rmSync(copy, { recursive: true, force: true });
}
