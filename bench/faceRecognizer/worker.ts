/** Recognizes the faces of the RGBA pixels in a request's body, `width` pixels wide, as often as `rounds` says. */
import { createFaceKernelSlot, faceKernelOf } from "../../src/providers/faces/worker/loadFaceKernel.ts";
import { recognizeFaces } from "../../src/providers/faces/worker/workerRecognizer.ts";

const BYTES_PER_PIXEL = 4;
const slot = createFaceKernelSlot();

export default {
  fetch: async (request, env) => {
    const { searchParams } = new URL(request.url);
    const width = Number(searchParams.get("width"));
    const rgba = new Uint8Array(await request.arrayBuffer());
    const image = { width, height: rgba.length / BYTES_PER_PIXEL / width, rgba };
    const figures = await faceKernelOf(
      env.ASSETS,
      slot,
    )(async (kernel) => {
      let faces = 0;
      for (let round = 0; round < Number(searchParams.get("rounds")); round++)
        faces = (await recognizeFaces(kernel, image)).length;
      return { faces, kernelBytes: kernel.kernel.memoryBytes() };
    });
    const weightBytes = Object.values(slot.models ?? {}).reduce((sum, { halves }) => sum + halves.buffer.byteLength, 0);
    return Response.json({ ...figures, weightBytes });
  },
} satisfies ExportedHandler<Pick<Cloudflare.Env, "ASSETS">>;
