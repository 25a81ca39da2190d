import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { firewallExpression } from "../../../scripts/deploy/zone.ts";

describe("the firewall rule of a zone", () => {
  it("allows exactly our own transformations, as the documentation says", () => {
    expect(readFileSync("docs/renditions.md", "utf8")).toContain(firewallExpression());
    expect(firewallExpression().match(/width=\d+,height=\d+/g)).toEqual([
      "width=360,height=360",
      "width=720,height=720",
      "width=1440,height=1440",
    ]);
  });
});
