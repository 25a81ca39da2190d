/** The recognizer's memory: the weights of three networks, one picture at several sizes, and the values of a run. */
import { startKernel, type Kernel } from "../../../media/transcode/kernel.ts";
import { createNetwork, type Network } from "../network/network.ts";
import type { NetworkFile } from "../network/networkFile.ts";
import { weightBytes } from "../network/parameters.ts";
import wasm from "../network/network.wasm";

/** Longest edge of a picture, that of a preview. */
export const MAX_FACE_IMAGE_EDGE_PX = 1440;
/**
 * Maximum of the kernel's memory in scripts/buildWasm.ts, taken at once: 9.2 MB of weights, 10.6 MB for a picture and its
 * halves, 24 MB for the values of a run.
 */
export const MAX_FACE_MEMORY_BYTES = 44 * 1024 * 1024;

const PIXEL_BYTES = 4;
const ALIGNMENT_BYTES = 16;
/** A picture and its halves: 1 + 1/4 + 1/16 and so on. */
const PICTURE_BYTES = Math.ceil((MAX_FACE_IMAGE_EDGE_PX ** 2 * PIXEL_BYTES * 4) / 3);

export interface FaceModels {
  detector: NetworkFile;
  landmarks: NetworkFile;
  embedder: NetworkFile;
}

export interface FaceKernel {
  kernel: Kernel;
  detector: Network;
  landmarks: Network;
  embedder: Network;
  /** Address of the picture. */
  picture: number;
  /** Address of the values of a run. */
  arena: number;
  /** Bytes from `arena` to the end of the memory. */
  arenaBytes: number;
}

function aligned(bytes: number): number {
  return ALIGNMENT_BYTES * Math.ceil(bytes / ALIGNMENT_BYTES);
}

/** Loads the networks into a new memory, which has its full size from then on. */
export function createFaceKernel(models: FaceModels): FaceKernel {
  const kernel = startKernel(wasm);
  const memory = kernel.reserve(MAX_FACE_MEMORY_BYTES - kernel.heapStart);
  const expandHalves = kernel.function("expandHalves");
  let address = kernel.heapStart;
  const load = (file: NetworkFile): Network => {
    const start = address;
    address += aligned(weightBytes(file));
    // The 16-bit weights wait behind the 32-bit ones, where the next network or the picture follows.
    memory.set(file.halves, address);
    expandHalves(address, start, file.halves.length / 2);
    return createNetwork(kernel, file, start);
  };
  const networks = {
    detector: load(models.detector),
    landmarks: load(models.landmarks),
    embedder: load(models.embedder),
  };
  const arena = address + aligned(PICTURE_BYTES);
  return { kernel, ...networks, picture: address, arena, arenaBytes: MAX_FACE_MEMORY_BYTES - arena };
}
