/**
 * libheif's C interface in WebAssembly, as little of it as decoding takes: one picture, tile by tile, as planes.
 * Each picture gets an instance of its own, because a WebAssembly memory never shrinks. Knows nothing of JPEG.
 */
/* oxlint-disable no-underscore-dangle -- Emscripten names what C exports so. */
import createLibheif, { type MainModule } from "libheif-js/libheif-wasm/libheif.js";
import wasm from "libheif-js/libheif-wasm/libheif.wasm";
import { viewOf } from "../../inspect/bytes/bytes.ts";
import type { Plane, Planes } from "./planes.ts";
import { boundedInstance } from "./wasmMemory.ts";

/** Of an isolate's 128 MB; the file, a row of tiles and the JPEG that is made need the rest. */
const MAX_HEAP_BYTES = 72 * 1024 * 1024;

/** Enumerations of libheif/heif.h. */
const CHANNEL = { luma: 0, blue: 1, red: 2 } as const;
const AS_CODED = 99;
const CHROMA_SHIFTS = new Map([
  [1, { xShift: 1, yShift: 1 }],
  [2, { xShift: 1, yShift: 0 }],
  [3, { xShift: 0, yShift: 0 }],
]);
const FULL_RANGE_BT601 = { matrix: 6, isFullRange: true };

export interface Tiling {
  columns: number;
  rows: number;
  tileWidth: number;
  tileHeight: number;
  /** Of the whole, before it is turned. */
  width: number;
  height: number;
}

export interface HeifPicture {
  tiling: Tiling;
  /** Hands out the tile's planes, which are gone when `use` returns. */
  withTile(column: number, row: number, use: (planes: Planes) => void): void;
  heapBytes(): number;
}

interface Library {
  api: MainModule;
  memory: WebAssembly.Memory;
}

/**
 * The script takes a Worker with nodejs_compat for Node and reads `__dirname`, which only Node has: the reference
 * fails, and with it the start. It wants the name for looking up the .wasm file, which it is handed here.
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

function startLibrary(): Library {
  let memory: WebAssembly.Memory | null = null;
  const instantiateWasm = (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => unknown) => {
    const started = boundedInstance(wasm, imports, MAX_HEAP_BYTES);
    memory = started.memory;
    return done(started.instance);
  };
  const silent = () => undefined;
  const api = withDirname(() => createLibheif({ instantiateWasm, print: silent, printErr: silent }));
  if (memory === null) throw new Error("libheif did not start");
  return { api, memory };
}

function numberAt({ memory }: Library, at: number): number {
  return new DataView(memory.buffer).getUint32(at, true);
}

function textAt({ memory }: Library, at: number): string {
  const bytes = new Uint8Array(memory.buffer, at, Math.min(200, memory.buffer.byteLength - at));
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(bytes.slice(0, end < 0 ? 200 : end));
}

/** A `heif_error` is a code, a subcode and a message; the callee writes it where its first argument points. */
function check(library: Library, errorAt: number): void {
  if (numberAt(library, errorAt) === 0) return;
  throw new Error(`libheif: ${textAt(library, numberAt(library, errorAt + 8))}`);
}

function allocated({ api }: Library, bytes: number): number {
  const at = api._malloc(bytes);
  if (at === 0) throw new Error("the picture needs more memory than there is for it");
  return at;
}

/** What calls write their answers to: an error, a pointer, a tiling. */
interface Scratch {
  error: number;
  pointer: number;
  tiling: number;
}

function scratchIn(library: Library): Scratch {
  const at = allocated(library, 256);
  return { error: at, pointer: at + 16, tiling: at + 32 };
}

/** `heif_image_tiling`: a version, then eight numbers of 32 bits. */
function readTiling(library: Library, scratch: Scratch, handle: number): Tiling {
  library.api._heif_image_handle_get_image_tiling(scratch.error, handle, 0, scratch.tiling);
  check(library, scratch.error);
  const number = (index: number) => numberAt(library, scratch.tiling + index * 4);
  return {
    columns: number(1),
    rows: number(2),
    tileWidth: number(3),
    tileHeight: number(4),
    width: number(5),
    height: number(6),
  };
}

/** `heif_color_profile_nclx`: version, primaries, transfer, matrix, and the range as one byte. Null where there is none. */
function readColour(library: Library, { error, pointer }: Scratch, ask: (error: number, out: number) => void) {
  ask(error, pointer);
  if (numberAt(library, error) !== 0) return null;
  const profile = numberAt(library, pointer);
  const matrix = numberAt(library, profile + 12);
  const isFullRange = (numberAt(library, profile + 16) & 1) === 1;
  library.api._heif_nclx_color_profile_free(profile);
  return { matrix, isFullRange };
}

function planeOf(library: Library, scratch: Scratch, image: number, channel: number): Plane {
  const { api, memory } = library;
  const at = api._heif_image_get_plane_readonly2(image, channel, scratch.pointer);
  const strideBytes = numberAt(library, scratch.pointer);
  const height = api._heif_image_get_height(image, channel);
  return { bytes: new Uint8Array(memory.buffer, at, strideBytes * height), strideBytes };
}

function planesOf(library: Library, scratch: Scratch, image: number, handle: number): Planes {
  const { api } = library;
  if (api._heif_image_has_channel(image, CHANNEL.luma) === 0)
    throw new Error("the picture is not coded as luma and chroma");
  const colour =
    readColour(library, scratch, (error, out) => api._heif_image_handle_get_nclx_color_profile(error, handle, out)) ??
    readColour(library, scratch, (error, out) => api._heif_image_get_nclx_color_profile(error, image, out)) ??
    FULL_RANGE_BT601;
  const plane = (channel: number) => planeOf(library, scratch, image, channel);
  const shifts = CHROMA_SHIFTS.get(api._heif_image_get_chroma_format(image));
  return {
    ...colour,
    width: api._heif_image_get_width(image, CHANNEL.luma),
    height: api._heif_image_get_height(image, CHANNEL.luma),
    bits: api._heif_image_get_bits_per_pixel_range(image, CHANNEL.luma),
    luma: plane(CHANNEL.luma),
    chroma: shifts === undefined ? null : { ...shifts, blue: plane(CHANNEL.blue), red: plane(CHANNEL.red) },
  };
}

/** Throws what libheif says where it can't make sense of the file. */
export function openHeif(file: Uint8Array): HeifPicture {
  const library = startLibrary();
  const { api, memory } = library;
  const scratch = scratchIn(library);
  const context = api._heif_context_alloc();
  const fileAt = allocated(library, file.length);
  new Uint8Array(memory.buffer).set(file, fileAt);
  api._heif_context_read_from_memory_without_copy(scratch.error, context, fileAt, file.length, 0);
  check(library, scratch.error);
  api._heif_context_get_primary_image_handle(scratch.error, context, scratch.pointer);
  check(library, scratch.error);
  const handle = numberAt(library, scratch.pointer);
  const tiling = readTiling(library, scratch, handle);
  const options = api._heif_decoding_options_alloc();
  // The second byte is `ignore_transformations`: the JPEG says how it is turned, nobody turns pixels here.
  viewOf(new Uint8Array(memory.buffer)).setUint8(options + 1, 1);

  const decode = (column: number, row: number) => {
    const { error, pointer } = scratch;
    // Asked for the only tile, libheif insists on a size that some writers round up; asked for the whole, it doesn't.
    if (tiling.columns * tiling.rows === 1) api._heif_decode_image(error, handle, pointer, AS_CODED, AS_CODED, options);
    else api._heif_image_handle_decode_image_tile(error, handle, pointer, AS_CODED, AS_CODED, options, column, row);
    check(library, error);
    return numberAt(library, pointer);
  };
  return {
    tiling,
    withTile: (column, row, use) => {
      const image = decode(column, row);
      use(planesOf(library, scratch, image, handle));
      api._heif_image_release(image);
    },
    heapBytes: () => memory.buffer.byteLength,
  };
}
