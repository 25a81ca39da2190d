/**
 * PUT stores a film. GET finds its poster as often as `rounds` says, and reports the reads and bytes of one time and the
 * WebAssembly memory of the decoders that it started.
 */
import { findPosterFrame } from "../../src/media/transcode/video/posterFrame.ts";
import { VARIANT_EDGES_PX } from "../../src/operations/delivery/variants.ts";
import { countingSource } from "../../test/support/media/countingSource.ts";

/** Memories of the instances that were started since it was emptied. */
let memories: WebAssembly.Memory[] = [];

function memoriesIn(values: WebAssembly.ModuleImports | WebAssembly.Exports | undefined): WebAssembly.Memory[] {
  return Object.values(values ?? {}).filter((value) => value instanceof WebAssembly.Memory);
}

WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
    super(module, imports);
    memories.push(...new Set([...memoriesIn(this.exports), ...Object.values(imports ?? {}).flatMap(memoriesIn)]));
  }
};

let film = new Uint8Array();

async function run(rounds: number) {
  memories = [];
  let result = { reads: 0, bytes: 0, heapBytes: 0, image: "" };
  for (let round = 0; round < rounds; round++) {
    const source = countingSource(film);
    const poster = await findPosterFrame(source, VARIANT_EDGES_PX.preview);
    if (poster.kind === "unsupported") throw new Error(poster.reason);
    const { reads, bytes } = source.counts;
    const image = `${poster.image.width} × ${poster.image.height}`;
    if (round === 0)
      result = { reads, bytes, image, heapBytes: memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0) };
    memories = [];
  }
  return result;
}

export default {
  fetch: async (request) => {
    if (request.method === "PUT") {
      film = new Uint8Array(await request.arrayBuffer());
      return new Response();
    }
    const rounds = Number(new URL(request.url).searchParams.get("rounds") ?? 0);
    try {
      return Response.json(await run(rounds));
    } catch (error) {
      return new Response(String(error), { status: 500 });
    }
  },
} satisfies ExportedHandler;
