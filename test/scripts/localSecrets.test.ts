import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ensureLocalSecrets } from "../../scripts/localSecrets.ts";

const example = readFileSync(".dev.vars.example", "utf8");
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "local-secrets-"));
  writeFileSync(join(directory, ".dev.vars.example"), example);
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const readVars = (): string => readFileSync(join(directory, ".dev.vars"), "utf8");
const writeVars = (text: string): void => writeFileSync(join(directory, ".dev.vars"), text);

describe("the secrets of local development", () => {
  it("are random, and different on every machine", () => {
    const first = ensureLocalSecrets(directory);
    const { ROOT_API_KEY, MEDIA_SIGNING_KEY } = parseEnv(readVars());
    expect(first).toMatch(/^apikey_[\w-]{43}$/);
    expect(ROOT_API_KEY).toBe(first);
    expect(MEDIA_SIGNING_KEY).toMatch(/^[\w-]{43}$/);
    rmSync(join(directory, ".dev.vars"));
    expect(ensureLocalSecrets(directory)).not.toBe(first);
  });

  it("are readable by their owner only, where the system has file modes", () => {
    ensureLocalSecrets(directory);
    if (process.platform !== "win32") expect(statSync(join(directory, ".dev.vars")).mode & 0o777).toBe(0o600);
  });

  it("stay the same on later starts, and are not returned again", () => {
    ensureLocalSecrets(directory);
    const before = readVars();
    expect(ensureLocalSecrets(directory)).toBeNull();
    expect(readVars()).toBe(before);
  });

  it("are not in .dev.vars.example", () => {
    const values = parseEnv(example);
    expect(values).toMatchObject({ ROOT_API_KEY: "", MEDIA_SIGNING_KEY: "" });
  });

  it("are replaced where they were published or are empty, without a change of other lines", () => {
    writeVars(
      "# mine\nROOT_API_KEY = apikey_local-development-key-of-everyone\nMEDIA_SIGNING_KEY=my own\nDESCRIBER=none",
    );
    const key = ensureLocalSecrets(directory);
    expect(readVars()).toBe(`# mine\nROOT_API_KEY=${key}\nMEDIA_SIGNING_KEY=my own\nDESCRIBER=none`);
    writeVars(`ROOT_API_KEY=${key}\nDESCRIBER=none`);
    expect(ensureLocalSecrets(directory)).toBeNull();
    expect(parseEnv(readVars())).toEqual({
      ROOT_API_KEY: key,
      DESCRIBER: "none",
      MEDIA_SIGNING_KEY: expect.stringMatching(/^[\w-]{43}$/),
    });
  });
});
