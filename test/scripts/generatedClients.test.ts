import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { programsOf } from "../../scripts/checkClients/programs.ts";
import { leftOut } from "../../scripts/checkClients/python.ts";

describe("programsOf", () => {
  it("finds a program for each generator in the documentation", () => {
    const programs = programsOf(readFileSync("docs/generated-clients.md", "utf8"));
    expect([...programs.keys()].toSorted()).toEqual(["client.py", "generate.ts", "heyApi.ts", "openapiFetch.ts"]);
    for (const [name, text] of programs) {
      expect(text.length, name).toBeGreaterThan(200);
      expect(text, name).not.toContain("```");
    }
  });

  it("throws for a page without programs", () => {
    expect(() => programsOf("# Page\n\n```sh\nls\n```\n")).toThrow("no code block");
  });
});

describe("leftOut", () => {
  // What openapi-python-client 0.29.1 printed for the document without application/octet-stream, with exit code 0.
  const skippedOperation =
    "WARNING parsing PUT /api/assets/{asset_id}/still within assets. Endpoint will not be generated.\n\nUnsupported content type image/jpeg\n";
  const skippedResponse =
    "Cannot parse response for status code <openapi_python_client.schema.untrusted_string.UntrustedString object at 0x7f66a2cf2610> (Unsupported content_type image/*, video/*), response will be omitted from generated client\n";
  const skippedType =
    "WARNING parsing PUT /api/assets/{asset_id}/still within assets.\n\nUnsupported content type image/jpeg\n";

  it("reports an operation or a response that the Python client lacks", () => {
    expect(leftOut(skippedOperation)).toBe(true);
    expect(leftOut(skippedResponse)).toBe(true);
  });

  it("accepts that one of several content types of a body is not used", () => {
    expect(leftOut(skippedType)).toBe(false);
  });
});
