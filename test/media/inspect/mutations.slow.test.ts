/** Ten thousand broken and malicious files: never an error, never more than a bounded part of one, never a hang. */
import { describe, expect, it } from "vitest";
import { mutated, seeded } from "../../support/media/mutations.ts";
import { type Base, bases, complaints, spelled } from "../../support/media/metadataUnchanged.ts";

const cases = 10_000;
const casesPerFile = Math.ceil(cases / bases.length);
const seed = 20_260_101;

/** The numbers of the cases that failed and why; a case is made again by its number. */
async function failures({ name, bytes }: Base, number: number): Promise<string[]> {
  const whole = await bytes();
  const other = await bases[(number + 7) % bases.length]?.bytes();
  const found: string[] = [];
  for (let i = 0; i < casesPerFile; i++) {
    const broken = mutated(whole, seeded(seed + number * casesPerFile + i), other ?? whole);
    const wrong = await complaints(broken, name);
    if (wrong.length > 0) found.push(`case ${i}: ${wrong.join(", ")} (${spelled(broken)})`);
  }
  return found;
}

describe(`${cases} hostile files`, { timeout: 300_000 }, () => {
  it.each(bases.map((base, number) => ({ ...base, number })))(
    `read ${casesPerFile} ways to break $name without an error`,
    async (base) => {
      expect(await failures(base, base.number)).toEqual([]);
    },
  );
});
