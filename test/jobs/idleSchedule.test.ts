import { expect, it } from "vitest";
import { runSchedule } from "../support/bindings/consumer.ts";
import { countScheduleCalls } from "../support/bindings/scheduleCalls.ts";
import { sqlAll } from "../support/clients/account.ts";

/** Subrequests, and D1 queries, of one invocation on the Workers Free plan. */
const MAX_FREE_CALLS = 50;
const DAY_MS = 24 * 3600_000;

it("a scheduled run without work stays within the limits of the Workers Free plan", async () => {
  await runSchedule();
  const idle = await countScheduleCalls();
  expect(idle.statements + idle.r2).toBeLessThan(MAX_FREE_CALLS);
  await sqlAll("UPDATE integrity_reports SET started_at = started_at - ?1, completed_at = completed_at - ?1", DAY_MS);
  await sqlAll("UPDATE sweep_positions SET updated_at = updated_at - ?", DAY_MS);
  const daily = await countScheduleCalls();
  expect(daily.statements).toBeGreaterThan(idle.statements);
  expect(daily.trips + daily.r2).toBeLessThan(MAX_FREE_CALLS);
});
