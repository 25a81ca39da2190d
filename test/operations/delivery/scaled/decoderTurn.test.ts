import { afterEach, describe, expect, it, vi } from "vitest";
import {
  createUploadMemory,
  MAX_UPLOAD_BUFFER_BYTES,
  MIN_UPLOAD_BUFFER_BYTES,
} from "../../../../src/objects/uploads/uploadMemory.ts";
import {
  MAX_DECODER_HOLD_MS,
  MAX_SHARED_MEMORY_BYTES,
  MAX_UPLOAD_WAIT_MS,
  RENDITION_MEMORY_BYTES,
  withDecoder,
} from "../../../../src/operations/delivery/scaled/decoderTurn.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("the turns of image decoders", () => {
  it("run one at a time, in the order of their requests, also after a failure", async () => {
    const steps: string[] = [];
    const decode = (name: string, fails: boolean) =>
      withDecoder(1, async () => {
        steps.push(`${name} starts`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        steps.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      });
    const results = await Promise.allSettled([decode("a", false), decode("b", true), decode("c", false)]);
    expect(steps).toEqual(["a starts", "a ends", "b starts", "b ends", "c starts", "c ends"]);
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  it("pass to the next after the longest hold, whose late end frees no other's turn", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
    let endFirst = () => {};
    const first = withDecoder(1, () => new Promise<void>((resolve) => (endFirst = resolve)));
    await Promise.resolve();
    let isSecondRunning = false;
    let endSecond = () => {};
    const second = withDecoder(1, () => {
      isSecondRunning = true;
      return new Promise<void>((resolve) => (endSecond = resolve));
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(isSecondRunning).toBe(false);
    vi.setSystemTime(1_800_000_000_000 + MAX_DECODER_HOLD_MS + 1);
    await vi.waitUntil(() => isSecondRunning);
    endFirst();
    await first;
    let isThirdRunning = false;
    const third = withDecoder(1, () => {
      isThirdRunning = true;
      return Promise.resolve();
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(isThirdRunning).toBe(false);
    endSecond();
    await Promise.all([second, third]);
    expect(isThirdRunning).toBe(true);
  });
});

const MIB = 1024 * 1024;

describe("the memory of a decoder and of the uploads", () => {
  it("stays within the limit: a large decoder waits for uploads, and new buffers wait for the decoder", async () => {
    const uploads = createUploadMemory(MAX_UPLOAD_BUFFER_BYTES);
    const decoderBytes = 96 * MIB;
    const first = uploads.lease();
    await first.allocate(30 * MIB);
    const sums: number[] = [];
    const decoding = withDecoder(
      decoderBytes,
      async () => {
        sums.push(decoderBytes + uploads.usedBytes());
        expect(uploads.lease().tryAllocate(20 * MIB)).toBeNull();
        expect(uploads.lease().tryAllocate(12 * MIB)).not.toBeNull();
        sums.push(decoderBytes + uploads.usedBytes());
        await Promise.resolve();
      },
      uploads,
    );
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(sums).toEqual([]);
    // An upload in progress returns its second buffer.
    expect(uploads.isContended()).toBe(true);
    first.release();
    await decoding;
    expect(sums).toEqual([decoderBytes, decoderBytes + 12 * MIB]);
    expect(Math.max(...sums)).toBeLessThanOrEqual(MAX_SHARED_MEMORY_BYTES);
    expect(uploads.lease().tryAllocate(20 * MIB)).not.toBeNull();
  });

  it("suffices for all uploads while renditions are made, and for two parts beside any decoder", async () => {
    const uploads = createUploadMemory(MAX_UPLOAD_BUFFER_BYTES);
    const roomBeside = async (decoderBytes: number): Promise<number> =>
      await withDecoder(
        decoderBytes,
        () => {
          let bytes = MAX_UPLOAD_BUFFER_BYTES;
          while (bytes > 0) {
            const lease = uploads.lease();
            const taken = lease.tryAllocate(bytes);
            lease.release();
            if (taken !== null) break;
            bytes -= MIB;
          }
          return Promise.resolve(bytes);
        },
        uploads,
      );
    expect(await roomBeside(RENDITION_MEMORY_BYTES)).toBe(MAX_UPLOAD_BUFFER_BYTES);
    expect(await roomBeside(MAX_SHARED_MEMORY_BYTES)).toBe(MIN_UPLOAD_BUFFER_BYTES);
  });

  it("is exceeded rather than waiting longer for uploads of slow clients, and a cancelled decoder's limit ends", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
    const uploads = createUploadMemory(MAX_UPLOAD_BUFFER_BYTES);
    await uploads.lease().allocate(30 * MIB);
    let isRunning = false;
    let end = () => {};
    const decoding = withDecoder(
      96 * MIB,
      () => {
        isRunning = true;
        return new Promise<void>((resolve) => (end = resolve));
      },
      uploads,
    );
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(isRunning).toBe(false);
    vi.setSystemTime(1_800_000_000_000 + MAX_UPLOAD_WAIT_MS);
    await vi.waitUntil(() => isRunning);
    expect(uploads.lease().tryAllocate(MIB)).toBeNull();
    vi.setSystemTime(1_800_000_000_000 + MAX_DECODER_HOLD_MS);
    expect(uploads.lease().tryAllocate(MIB)).not.toBeNull();
    end();
    await decoding;
  });
});
