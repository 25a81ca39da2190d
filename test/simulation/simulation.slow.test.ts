/** Long lives of libraries, each with another seed, at the same time and with stores that fail. */
import { expect, it } from "vitest";
import { newLibrary } from "../support/clients/account.ts";
import { expectInOrder, live } from "./simulation.ts";

const lives = [
  { seed: 11, rounds: 600, abreast: 1, faultsIn: 0 },
  { seed: 12, rounds: 150, abreast: 6, faultsIn: 0 },
  { seed: 13, rounds: 400, abreast: 1, faultsIn: 10 },
  { seed: 14, rounds: 100, abreast: 8, faultsIn: 12 },
  { seed: 15, rounds: 100, abreast: 8, faultsIn: 30 },
];

for (const life of lives) {
  it(`everything is in order after ${life.rounds} × ${life.abreast} deeds, one store call in ${life.faultsIn} failing (seed ${life.seed})`, async () => {
    const answers = await live({ ...life, libraryId: await newLibrary() });
    await expectInOrder();
    expect(answers.get("upload 201")).toBeGreaterThan(20);
  });
}
