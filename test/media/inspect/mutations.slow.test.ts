/** Reads ten thousand corrupt files: no errors, bounded reads, no endless loops. */
import { describe, expect, it } from "vitest";
import { mutate, seededRandom } from "../../support/media/mutations.ts";
import { type BaseFile, baseFiles, findViolations, toBase64OrLength } from "../../support/media/metadataInvariants.ts";

const CASES = 10_000;
const CASES_PER_FILE = Math.ceil(CASES / baseFiles.length);
const SEED = 20_260_101;

/** Returns the failed cases with the reason. The number of a case reproduces it. */
async function failures({ name, bytes }: BaseFile, number: number): Promise<string[]> {
  const original = await bytes();
  const other = await baseFiles[(number + 7) % baseFiles.length]?.bytes();
  const failed: string[] = [];
  for (let i = 0; i < CASES_PER_FILE; i++) {
    const corrupt = mutate(original, seededRandom(SEED + number * CASES_PER_FILE + i), other ?? original);
    const violations = await findViolations(corrupt, name);
    if (violations.length > 0) failed.push(`case ${i}: ${violations.join(", ")} (${toBase64OrLength(corrupt)})`);
  }
  return failed;
}

describe(`${CASES} corrupt files`, { timeout: 300_000 }, () => {
  it.each(baseFiles.map((base, number) => ({ ...base, number })))(
    `reads ${CASES_PER_FILE} mutations of $name without errors`,
    async (base) => {
      expect(await failures(base, base.number)).toEqual([]);
    },
  );
});
