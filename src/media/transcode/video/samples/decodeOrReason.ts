import type { SampleResult } from "./sampleDecoder.ts";

/**
 * Returns what `decode` returns, or the message of what it throws as the reason. A trap of WebAssembly is damaged data
 * that the decoder `name` didn't notice.
 */
export async function decodeOrReason(name: string, decode: () => Promise<SampleResult>): Promise<SampleResult> {
  try {
    return await decode();
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError)
      return { kind: "unsupported", reason: `the ${name} key frame is damaged` };
    return { kind: "unsupported", reason: error instanceof Error ? error.message : String(error) };
  }
}
