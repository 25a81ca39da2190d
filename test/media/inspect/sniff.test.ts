import { describe, expect, it } from "vitest";
import { sniff } from "../../../src/media/inspect/sniff.ts";

const PACKET_BYTES = 188;

describe("a transport stream", () => {
  it("is recognized by whole packets", () => {
    const packets = new Uint8Array(2 * PACKET_BYTES);
    packets[0] = 0x47;
    packets[PACKET_BYTES] = 0x47;
    expect(sniff(packets)).toBe("mpeg-ts");
    expect(sniff(packets.subarray(0, PACKET_BYTES))).toBe("mpeg-ts");
  });

  it("is longer than a few bytes of which one is a sync byte", () => {
    for (const at of [0, 4]) {
      const bytes = new Uint8Array(64);
      bytes[at] = 0x47;
      expect(sniff(bytes)).toBeNull();
    }
  });
});
