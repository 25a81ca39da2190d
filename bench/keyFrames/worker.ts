/** Decodes the key frame in a request's body, as often as `rounds` says, to an image of `edge` pixels unless it is 0. */
import { decodeKeyFrame } from "../../src/media/transcode/h264/decodeKeyFrame.ts";
import { keyFrameImage } from "../../src/media/transcode/h264/keyFrameImage.ts";
import { annexBUnits } from "../../src/media/transcode/h264/nalUnits.ts";

async function decode(bytes: Uint8Array, edgePx: number): Promise<number> {
  const result = await decodeKeyFrame(annexBUnits(bytes));
  if (result.kind === "unsupported") throw new Error(result.reason);
  if (edgePx > 0) await keyFrameImage(result.picture, edgePx);
  return result.peakBytes;
}

export default {
  fetch: async (request) => {
    const { searchParams } = new URL(request.url);
    const [rounds, edgePx] = ["rounds", "edge"].map((name) => Number(searchParams.get(name) ?? 0));
    const bytes = new Uint8Array(await request.arrayBuffer());
    let peakBytes = 0;
    for (let round = 0; round < (rounds ?? 0); round++) peakBytes = await decode(bytes, edgePx ?? 0);
    return Response.json({ peakBytes });
  },
} satisfies ExportedHandler;
