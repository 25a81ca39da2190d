/**
 * Wraps the part of libheif's C interface that decodes one image tile by tile into planes. Each image gets its own
 * instance, because WebAssembly memory never shrinks.
 */
/* oxlint-disable no-underscore-dangle -- Emscripten prefixes exported C functions with an underscore. */
import createLibheif, { type MainModule } from "libheif-js/libheif-wasm/libheif.js";
import wasm from "libheif-js/libheif-wasm/libheif.wasm";
import { viewOf } from "../../inspect/bytes/bytes.ts";
import type { DecoderMemory } from "../decoderMemory.ts";
import type { HeifImage, Tiling } from "./heifImage.ts";
import type { Plane, Planes } from "./planes.ts";
import type { CodedColour } from "./heifColour.ts";
import { boundedInstance } from "./wasmMemory.ts";

/** Enumerations of libheif/heif.h. */
const channels = { luma: 0, blue: 1, red: 2 } as const;
const UNDEFINED_FORMAT = 99;
const chromaShifts = new Map([
  [1, { xShift: 1, yShift: 1 }],
  [2, { xShift: 1, yShift: 0 }],
  [3, { xShift: 0, yShift: 0 }],
]);
/** Full range and BT.601, if neither container nor stream tells. */
const unspecifiedColour: CodedColour = { primaries: 2, transfer: 2, matrix: 6, isFullRange: true };

interface Library {
  api: MainModule;
  memory: WebAssembly.Memory;
}

/**
 * With nodejs_compat the script takes the Worker for Node and reads `__dirname`, which a bundle lacks. The value is
 * unused: the .wasm module is passed in.
 */
function withDirname<T>(create: () => T): T {
  if ("__dirname" in globalThis) return create();
  Object.defineProperty(globalThis, "__dirname", { value: "/", configurable: true });
  try {
    return create();
  } finally {
    Reflect.deleteProperty(globalThis, "__dirname");
  }
}

function startLibrary(budget: DecoderMemory): Library {
  let memory: WebAssembly.Memory | null = null;
  const instantiateWasm = (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => unknown) => {
    const started = boundedInstance(wasm, imports, budget);
    memory = started.memory;
    return done(started.instance);
  };
  const silent = () => undefined;
  const api = withDirname(() => createLibheif({ instantiateWasm, print: silent, printErr: silent }));
  if (memory === null) throw new Error("libheif failed to start");
  return { api, memory };
}

function readUint32({ memory }: Library, at: number): number {
  return new DataView(memory.buffer).getUint32(at, true);
}

function readCString({ memory }: Library, at: number): string {
  const bytes = new Uint8Array(memory.buffer, at, Math.min(200, memory.buffer.byteLength - at));
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(bytes.slice(0, end < 0 ? 200 : end));
}

/** A `heif_error` is a code, a subcode and a message pointer. */
function throwOnError(library: Library, errorAt: number): void {
  if (readUint32(library, errorAt) === 0) return;
  throw new Error(`libheif: ${readCString(library, readUint32(library, errorAt + 8))}`);
}

function allocate({ api }: Library, bytes: number): number {
  const at = api._malloc(bytes);
  if (at === 0) throw new Error("decoding the image exceeds the memory limit");
  return at;
}

/** Addresses for output arguments. */
interface Scratch {
  error: number;
  pointer: number;
  tiling: number;
}

function allocateScratch(library: Library): Scratch {
  const at = allocate(library, 256);
  return { error: at, pointer: at + 16, tiling: at + 32 };
}

/** `heif_image_tiling` is a version and eight 32-bit numbers. */
function readTiling(library: Library, scratch: Scratch, handle: number): Tiling {
  library.api._heif_image_handle_get_image_tiling(scratch.error, handle, 0, scratch.tiling);
  throwOnError(library, scratch.error);
  const number = (index: number) => readUint32(library, scratch.tiling + index * 4);
  return {
    columns: number(1),
    rows: number(2),
    tileWidth: number(3),
    tileHeight: number(4),
    width: number(5),
    height: number(6),
  };
}

/**
 * `heif_color_profile_nclx` is version, primaries, transfer, matrix and a range byte; null if the profile is missing.
 */
function readColourProfile(
  library: Library,
  { error, pointer }: Scratch,
  getProfile: (error: number, out: number) => void,
): CodedColour | null {
  getProfile(error, pointer);
  if (readUint32(library, error) !== 0) return null;
  const profile = readUint32(library, pointer);
  const field = (index: number) => readUint32(library, profile + index * 4);
  const colour = { primaries: field(1), transfer: field(2), matrix: field(3), isFullRange: (field(4) & 1) === 1 };
  library.api._heif_nclx_color_profile_free(profile);
  return colour;
}

function readPlane(library: Library, scratch: Scratch, image: number, channel: number): Plane {
  const { api, memory } = library;
  const at = api._heif_image_get_plane_readonly2(image, channel, scratch.pointer);
  const strideBytes = readUint32(library, scratch.pointer);
  const height = api._heif_image_get_height(image, channel);
  return { bytes: new Uint8Array(memory.buffer, at, strideBytes * height), strideBytes };
}

function readPlanes(library: Library, scratch: Scratch, image: number, handle: number): Planes & CodedColour {
  const { api } = library;
  if (api._heif_image_has_channel(image, channels.luma) === 0)
    throw new Error("the image is not coded as luma and chroma");
  const colour =
    readColourProfile(library, scratch, (error, out) =>
      api._heif_image_handle_get_nclx_color_profile(error, handle, out),
    ) ??
    readColourProfile(library, scratch, (error, out) => api._heif_image_get_nclx_color_profile(error, image, out)) ??
    unspecifiedColour;
  const plane = (channel: number) => readPlane(library, scratch, image, channel);
  const shifts = chromaShifts.get(api._heif_image_get_chroma_format(image));
  return {
    ...colour,
    width: api._heif_image_get_width(image, channels.luma),
    height: api._heif_image_get_height(image, channels.luma),
    bits: api._heif_image_get_bits_per_pixel_range(image, channels.luma),
    luma: plane(channels.luma),
    chroma: shifts === undefined ? null : { ...shifts, blue: plane(channels.blue), red: plane(channels.red) },
  };
}

/**
 * Opens the primary image and decodes its first tile, within the memory that `budget` has left. `check` throws for a
 * size that isn't decoded. Throws libheif's message for a damaged or unsupported file.
 */
export function openHeif(
  file: Uint8Array,
  budget: DecoderMemory,
  check: (tiling: Tiling) => void = () => undefined,
): HeifImage {
  const library = startLibrary(budget);
  const { api, memory } = library;
  const scratch = allocateScratch(library);
  const context = api._heif_context_alloc();
  const fileAt = allocate(library, file.length);
  new Uint8Array(memory.buffer).set(file, fileAt);
  api._heif_context_read_from_memory_without_copy(scratch.error, context, fileAt, file.length, 0);
  throwOnError(library, scratch.error);
  api._heif_context_get_primary_image_handle(scratch.error, context, scratch.pointer);
  throwOnError(library, scratch.error);
  const handle = readUint32(library, scratch.pointer);
  const tiling = readTiling(library, scratch, handle);
  check(tiling);
  const options = api._heif_decoding_options_alloc();
  // Byte 1 is `ignore_transformations`: the JPEG's EXIF carries the orientation.
  viewOf(new Uint8Array(memory.buffer)).setUint8(options + 1, 1);

  const decode = (column: number, row: number) => {
    const { error, pointer } = scratch;
    // `decode_image_tile` rejects a single tile whose size a writer rounded up; `decode_image` accepts it.
    if (tiling.columns * tiling.rows === 1)
      api._heif_decode_image(error, handle, pointer, UNDEFINED_FORMAT, UNDEFINED_FORMAT, options);
    else
      api._heif_image_handle_decode_image_tile(
        error,
        handle,
        pointer,
        UNDEFINED_FORMAT,
        UNDEFINED_FORMAT,
        options,
        column,
        row,
      );
    throwOnError(library, error);
    return readUint32(library, pointer);
  };
  // The colour of the stream counts if the container tells none.
  let first: number | null = decode(0, 0);
  const { primaries, transfer } = readPlanes(library, scratch, first, handle);
  return {
    tiling,
    colour: { primaries, transfer },
    withTile: (column, row, use) => {
      const image = column + row === 0 && first !== null ? first : decode(column, row);
      if (image === first) first = null;
      use(readPlanes(library, scratch, image, handle));
      api._heif_image_release(image);
    },
    heapBytes: () => memory.buffer.byteLength,
  };
}
