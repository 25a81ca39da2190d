/** Converts JPEG XL to JPEG with jxl-rs, built by wasm/jxl/build.sh. The module loads with the first image. */
import { startBoundedModule, type BoundedModule } from "../boundedModule.ts";
import { isHdr, srgbConverter, type Colour } from "../colour/toneMap.ts";
import { decoderMemory, DecoderMemoryError, MAX_WHOLE_IMAGE_BYTES, type DecoderMemory } from "../decoderMemory.ts";
import { requireConvertibleSize, type EncodedJpeg, type JpegLimits } from "../jpeg/encodedJpeg.ts";
import { encodedJpeg } from "../jpeg/jpegEncoder.ts";
import { encoderWithSink, type OpenRowSink } from "../scaled/rowSink.ts";

/** Pixels of an image. RGB takes 3.7 bytes a pixel, so that the memory ends here; images with alpha end sooner. */
export const MAX_JXL_PIXELS = 22 * 1000 * 1000;
/** The file is in memory twice, in JavaScript and in WebAssembly. */
export const MAX_JXL_BYTES = 24 * 1024 * 1024;

/** Codes of wasm/jxl/src/lib.rs. */
const REASONS = new Map([
  [1, "the JPEG XL is damaged"],
  [2, "the JPEG XL is too large to decode"],
  [3, "the JPEG XL is truncated"],
  [4, "the JPEG XL is in CMYK"],
]);

const GREY_ALPHA = 2;
const RGB = 3;
const RGBA = 4;

interface Pixels {
  width: number;
  height: number;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. */
  channels: number;
  bytes: Uint8Array;
  colour: Colour;
  icc: Uint8Array | null;
}

/** Copies the file, decodes, and returns what lies in the instance's memory. */
function decodeWith({ memory, function: functionOf }: BoundedModule, file: Uint8Array): Pixels {
  const at = functionOf("allocate")(file.length);
  new Uint8Array(memory.buffer).set(file, at);
  const code = functionOf("decode")(at, file.length, MAX_JXL_PIXELS);
  if (code !== 0) throw new Error(REASONS.get(code) ?? "the JPEG XL is damaged");
  const view = new DataView(memory.buffer, functionOf("image")());
  const field = (index: number) => view.getUint32(index * 4, true);
  const [width, height, channels] = [field(0), field(1), field(2)];
  const bytesAt = (address: number, length: number) => new Uint8Array(memory.buffer, address, length);
  return {
    width,
    height,
    channels,
    bytes: bytesAt(field(3), width * height * channels),
    icc: field(5) === 0 ? null : bytesAt(field(4), field(5)).slice(),
    colour: { primaries: field(6), transfer: field(7) },
  };
}

/** A failed allocation ends in a trap, or in an error of the decoder. */
function reasonOf(error: unknown, { function: functionOf }: BoundedModule): unknown {
  if (functionOf("ran_out")() !== 0) return new DecoderMemoryError("decoding JPEG XL needs more than the memory limit");
  return error instanceof WebAssembly.RuntimeError ? new Error("the JPEG XL is damaged") : error;
}

async function decode(file: Uint8Array, budget: DecoderMemory): Promise<{ pixels: Pixels; heapBytes: number }> {
  const { default: module } = await import("./jxl.wasm");
  const instance = startBoundedModule(module, budget, "wasm");
  try {
    const pixels = decodeWith(instance, file);
    return { pixels, heapBytes: instance.memory.buffer.byteLength };
  } catch (error) {
    throw reasonOf(error, instance);
  } finally {
    budget.hold("wasm", instance.memory.buffer.byteLength);
  }
}

/** Writes a row as RGB on white. */
function fillRow({ width, channels, bytes }: Pixels, y: number, rgb: Uint8ClampedArray): void {
  const hasAlpha = channels === GREY_ALPHA || channels === RGBA;
  const [green, blue] = channels >= RGB ? [1, 2] : [0, 0];
  let from = y * width * channels;
  for (let to = 0; to < width * 3; to += 3, from += channels) {
    const opacity = hasAlpha ? (bytes[from + channels - 1] ?? 0) / 255 : 1;
    const white = 255 * (1 - opacity);
    rgb[to] = (bytes[from] ?? 0) * opacity + white;
    rgb[to + 1] = (bytes[from + green] ?? 0) * opacity + white;
    rgb[to + 2] = (bytes[from + blue] ?? 0) * opacity + white;
  }
}

/**
 * Decodes the first frame, upright; transparency becomes white, HDR becomes SDR, and wide colours without a profile
 * become sRGB. `openSink` gets the same rows. Throws the reason for damaged files and beyond the memory.
 */
export async function jxlToJpeg(
  file: Uint8Array,
  limits: JpegLimits,
  openSink?: OpenRowSink,
): Promise<EncodedJpeg & { heapBytes: number }> {
  if (file.length > MAX_JXL_BYTES) throw new Error("the JPEG XL is too large to decode: more than 24 MB");
  const memory = decoderMemory(MAX_WHOLE_IMAGE_BYTES);
  memory.hold("file", file.length);
  const { pixels, heapBytes } = await decode(file, memory);
  const { width, height, colour, icc } = pixels;
  requireConvertibleSize(width, height, "JPEG XL");
  const profile = isHdr(colour) ? null : icc;
  const toSrgb = profile === null ? srgbConverter(colour, 3) : null;
  memory.hold("row", width * 3);
  const encoder = encoderWithSink({ width, height, ...limits, orientation: 1, icc: profile, memory }, openSink);
  const row = new Uint8ClampedArray(width * 3);
  for (let y = 0; y < height; y++) {
    fillRow(pixels, y, row);
    toSrgb?.(row, 0, width);
    encoder.addRow(row, 0);
  }
  return { ...encodedJpeg(encoder, { width, height, memory }), heapBytes };
}
