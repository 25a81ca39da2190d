import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { firewallExpression, zoneArguments } from "../../scripts/deploy/zone.ts";

describe("deploying to a zone", () => {
  it("keeps the Images binding unless another delivery is chosen", () => {
    const host = ["--domain", "photos.example.com", "--var", "PUBLIC_URL:https://photos.example.com"];
    expect(zoneArguments({})).toEqual([]);
    expect(zoneArguments({ zone: "photos.example.com" })).toEqual(host);
    for (const delivery of ["cf-image", "cdn-cgi"]) {
      const chosen = zoneArguments({ zone: "photos.example.com", "image-delivery": delivery });
      expect(chosen).toEqual([...host, "--var", `IMAGE_DELIVERY:${delivery}`]);
    }
  });

  it.each([
    [{ zone: "not a host" }, "--zone must be a host"],
    [{ zone: "photos.example.com", "image-delivery": "edge" }, "--image-delivery must be one of"],
    [{ "image-delivery": "cdn-cgi" }, "--image-delivery needs --zone"],
  ])("rejects %o", (options, message) => {
    expect(() => zoneArguments(options)).toThrow(message);
  });

  it("has a firewall rule in the documentation that allows exactly our own transformations", () => {
    const document = readFileSync("docs/renditions.md", "utf8");
    expect(document).toContain(firewallExpression());
    expect(firewallExpression().match(/width=\d+,height=\d+/g)).toEqual([
      "width=360,height=360",
      "width=720,height=720",
      "width=1440,height=1440",
    ]);
  });
});
