/** A short life of a library, and nothing wrong at its end. The long ones are in life.slow.test.ts. */
import { expect, it } from "vitest";
import { newLibrary } from "../support/clients/account.ts";
import { expectInOrder, live } from "./simulation.ts";

it("a mirror by the feed is the library, and every count is right, after deeds at random", async () => {
  const answers = await live({ seed: 1, libraryId: await newLibrary(), rounds: 150, abreast: 1, faultsIn: 0 });
  await expectInOrder();
  expect(answers.size).toBeGreaterThan(20);
}, 120_000);

it("deeds at the same time, and stores that fail now and then, leave no count wrong and no file lost", async () => {
  const answers = await live({ seed: 2, libraryId: await newLibrary(), rounds: 40, abreast: 4, faultsIn: 15 });
  await expectInOrder();
  expect(answers.get("upload 201")).toBeGreaterThan(5);
}, 120_000);
