import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { tiffToJpeg } from "../../../../src/media/transcode/tiff/tiffToJpeg.ts";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { deflatedZeros, largeTiff } from "../../../support/media/largeLayouts.ts";
import { colourAt, concatenate, expectColour, limits, renderJpeg } from "../../../support/media/renderedImage.ts";

const WIDTH = 70;
const HEIGHT = 50;

interface TiffOptions {
  big?: boolean;
  bits?: number;
  samples?: number;
  photometric?: number;
  compression?: number;
  predictor?: number;
  rowsPerStrip?: number;
  tile?: [number, number];
  extra?: [number, number[]][];
  /** The samples of one pixel. */
  pixel: (x: number, y: number) => number[];
  pack?: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

/** Builds a TIFF of one image: pixels first, then its directory. */
async function tiff(options: TiffOptions): Promise<Uint8Array> {
  const { big = false, bits = 8, samples = 3, photometric = 2, compression = 1, predictor = 1, tile, pixel } = options;
  const [tileWidth, tileHeight] = tile ?? [WIDTH, options.rowsPerStrip ?? HEIGHT];
  const order = (value: number, bytes: number) => {
    const list = Array.from({ length: bytes }, (_, i) => (value >>> (8 * i)) & 255);
    return big ? list.reverse() : list;
  };
  const segments: Uint8Array[] = [];
  for (let top = 0; top < HEIGHT; top += tileHeight) {
    for (let left = 0; left < WIDTH; left += tileWidth) {
      const bytes: number[] = [];
      const rows = tile ? tileHeight : Math.min(tileHeight, HEIGHT - top);
      for (let y = 0; y < rows; y++) {
        let before = Array.from({ length: samples }, () => 0);
        let held = 0;
        let heldBits = 0;
        for (let x = 0; x < tileWidth; x++) {
          const values = pixel(Math.min(left + x, WIDTH - 1), Math.min(top + y, HEIGHT - 1));
          values.forEach((value, i) => {
            const coded = predictor === 2 ? (value - (before[i] ?? 0)) & (2 ** bits - 1) : value;
            if (bits >= 8) bytes.push(...order(coded, bits / 8));
            else {
              held = (held << bits) | coded;
              heldBits += bits;
              if (heldBits === 8) [held, heldBits] = [(bytes.push(held), 0), 0];
            }
          });
          before = values;
        }
        if (heldBits > 0) bytes.push(held << (8 - heldBits));
      }
      const raw = Uint8Array.from(bytes);
      segments.push(options.pack ? await options.pack(raw) : raw);
    }
  }
  const offsets: number[] = [];
  let at = 8;
  for (const segment of segments) {
    offsets.push(at);
    at += segment.length;
  }
  const [offsetTag, sizeTag] = tile ? [0x144, 0x145] : [0x111, 0x117];
  const entries: [number, number[]][] = [
    [0x100, [WIDTH]],
    [0x101, [HEIGHT]],
    [0x102, Array.from({ length: samples }, () => bits)],
    [0x103, [compression]],
    [0x106, [photometric]],
    [0x115, [samples]],
    [0x13d, [predictor]],
    [offsetTag, offsets],
    [sizeTag, segments.map((segment) => segment.length)],
    ...(tile
      ? ([
          [0x142, [tileWidth]],
          [0x143, [tileHeight]],
        ] as [number, number[]][])
      : ([[0x116, [tileHeight]]] as [number, number[]][])),
    ...(options.extra ?? []),
  ];
  const directoryAt = at;
  const valuesAt = directoryAt + 2 + entries.length * 12 + 4;
  const values: number[] = [];
  const directory = [...order(entries.length, 2)];
  for (const [tag, list] of entries.toSorted((a, b) => a[0] - b[0])) {
    directory.push(...order(tag, 2), ...order(4, 2), ...order(list.length, 4));
    directory.push(...order(list.length === 1 ? (list[0] ?? 0) : valuesAt + values.length, 4));
    if (list.length > 1) values.push(...list.flatMap((value) => order(value, 4)));
  }
  const head = [...(big ? [0x4d, 0x4d] : [0x49, 0x49]), ...order(42, 2), ...order(directoryAt, 4)];
  return Uint8Array.from([
    ...head,
    ...segments.flatMap((segment) => [...segment]),
    ...directory,
    0,
    0,
    0,
    0,
    ...values,
  ]);
}

/** Encodes LZW like an encoder that fills its table; TIFF 6.0 §13. */
function lzw(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  let [held, heldBits, width, next] = [0, 0, 9, 258];
  let table = new Map<string, number>();
  const put = (code: number) => {
    held = (held << width) | code;
    for (heldBits += width; heldBits >= 8; heldBits -= 8) out.push((held >>> (heldBits - 8)) & 255);
    held &= (1 << heldBits) - 1;
  };
  const codeOf = (text: string) => (text.length === 1 ? text.charCodeAt(0) : (table.get(text) ?? 0));
  put(256);
  let prefix = "";
  for (const byte of bytes) {
    const longer = prefix + String.fromCharCode(byte);
    if (longer.length === 1 || table.has(longer)) {
      prefix = longer;
      continue;
    }
    put(codeOf(prefix));
    table.set(longer, next++);
    if (next === 4094) {
      put(256);
      [table, width, next] = [new Map(), 9, 258];
    } else if (next >= (1 << width) - 1 + 1) width++;
    prefix = String.fromCharCode(byte);
  }
  if (prefix !== "") put(codeOf(prefix));
  put(257);
  if (heldBits > 0) out.push((held << (8 - heldBits)) & 255);
  return Uint8Array.from(out);
}

async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Encodes runs of two or more; single bytes as literals. */
function packBits(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let at = 0; at < bytes.length;) {
    let run = 1;
    while (run < 128 && bytes[at + run] === bytes[at]) run++;
    out.push(run > 1 ? 257 - run : 0, bytes[at] ?? 0);
    at += run;
  }
  return Uint8Array.from(out);
}

/** Red increases to the right, green downwards; blue is noise. */
const colour = (x: number, y: number): number[] => [40 + 3 * x, 20 + 4 * y, 100 + ((x * 7 + y * 3) % 5)];

async function expectColours(bytes: Uint8Array, expected = colour): Promise<void> {
  const jpeg = await tiffToJpeg(memorySource(bytes), limits, 1);
  expect(jpeg).toMatchObject({ width: WIDTH, height: HEIGHT });
  const image = await renderJpeg(jpeg.pieces);
  for (const [x, y] of [
    [3, 3],
    [60, 5],
    [10, 45],
    [66, 46],
  ] as const) {
    expectColour(colourAt(image, x, y), expected(x, y), 10);
  }
}

describe("tiffToJpeg", () => {
  it.each([
    ["uncompressed in one strip", {}],
    ["uncompressed in strips of one row", { rowsPerStrip: 1 }],
    ["big-endian", { big: true, rowsPerStrip: 8 }],
    ["LZW with a predictor", { compression: 5, predictor: 2, pack: lzw }],
    ["LZW with a full table", { compression: 5, pack: lzw }],
    ["Deflate", { compression: 8, pack: deflate, rowsPerStrip: 16 }],
    ["Deflate by its older code, with a predictor", { compression: 32_946, predictor: 2, pack: deflate }],
    ["PackBits", { compression: 32_773, pack: packBits, rowsPerStrip: 7 }],
    ["LZW in tiles", { compression: 5, tile: [32, 16] as [number, number], pack: lzw }],
    ["uncompressed tiles", { tile: [16, 32] as [number, number] }],
  ])("converts %s", async (_name, options) => {
    await expectColours(await tiff({ ...options, pixel: colour }));
  });

  it("converts 16 bits a sample in both byte orders, with a predictor", async () => {
    const pixel = (x: number, y: number) => colour(x, y).map((value) => value * 257);
    await expectColours(await tiff({ bits: 16, pixel }));
    await expectColours(await tiff({ bits: 16, big: true, predictor: 2, compression: 8, pack: deflate, pixel }));
    await expectColours(await tiff({ bits: 16, predictor: 2, pixel }));
  });

  it("converts grey, bilevel, palette and CMYK", async () => {
    const grey = (x: number) => [30 + 3 * x, 30 + 3 * x, 30 + 3 * x];
    await expectColours(await tiff({ samples: 1, photometric: 1, pixel: (x) => [30 + 3 * x] }), grey);
    await expectColours(await tiff({ samples: 1, photometric: 0, pixel: (x) => [225 - 3 * x] }), grey);
    const fax = (x: number) => (x < WIDTH / 2 ? [255, 255, 255] : [0, 0, 0]);
    await expectColours(
      await tiff({ samples: 1, bits: 1, photometric: 0, pixel: (x) => [x < WIDTH / 2 ? 0 : 1] }),
      fax,
    );
    const palette = [0x2000, 0xd000, 0x8000, 0x4000, 0x1000, 0xe000, ...Array.from({ length: 42 }, () => 0)];
    const ordered = [
      ...palette.slice(0, 2),
      ...palette.slice(6, 20),
      ...palette.slice(2, 4),
      ...palette.slice(6, 20),
      ...palette.slice(4, 6),
      ...palette.slice(6, 20),
    ];
    const chosen = (x: number) => (x < WIDTH / 2 ? [0x20, 0x80, 0x10] : [0xd0, 0x40, 0xe0]);
    const options = { samples: 1, bits: 4, photometric: 3, extra: [[0x140, ordered]] as [number, number[]][] };
    await expectColours(await tiff({ ...options, pixel: (x) => [x < WIDTH / 2 ? 0 : 1] }), chosen);
    const ink = (x: number, y: number) => [...colour(x, y).map((value) => 255 - value), 0];
    await expectColours(await tiff({ samples: 4, photometric: 5, pixel: ink }));
  });

  it("composites transparency on white", async () => {
    const options = { samples: 4, extra: [[0x152, [2]]] as [number, number[]][] };
    await expectColours(await tiff({ ...options, pixel: (x, y) => [...colour(x, y), 0] }), () => [255, 255, 255]);
    await expectColours(await tiff({ ...options, pixel: (x, y) => [...colour(x, y), 255] }));
  });

  it("writes the orientation", async () => {
    const jpeg = await tiffToJpeg(memorySource(await tiff({ pixel: colour })), limits, 8);
    const image = await renderJpeg(jpeg.pieces);
    expect([image.width, image.height]).toEqual([HEIGHT, WIDTH]);
  });

  it("converts a sample file with unusual tags", async () => {
    expect(await tiffToJpeg(memorySource(await sampleBytes("0001_exif.tif")), limits, 1)).toMatchObject({
      width: 15,
      height: 7,
    });
  });

  it("rejects unsupported and damaged files with a reason", async () => {
    const expectRejection = async (options: Partial<TiffOptions>, cut = Infinity) => {
      const bytes = await tiff({ pixel: colour, ...options });
      return expect(tiffToJpeg(memorySource(bytes.subarray(0, cut)), limits, 1)).rejects;
    };
    await (await expectRejection({}, 300)).toThrow("is truncated");
    await (await expectRejection({ compression: 7 })).toThrow("unsupported TIFF compression 7");
    await (await expectRejection({ compression: 8, pack: (bytes) => bytes })).toThrow("truncated");
    await (
      await expectRejection({ compression: 5, pack: () => Uint8Array.of(0x7f, 0xff, 0xff) })
    ).toThrow("LZW data is damaged");
    await (await expectRejection({ extra: [[0x11c, [2]]] })).toThrow("planar configuration");
    await (await expectRejection({ extra: [[0x153, [3]]] })).toThrow("sample format");
    await (await expectRejection({ photometric: 8 })).toThrow("photometric interpretation 8");
  });
});

describe("the work of a TIFF", () => {
  const tiled = (width: number, height: number, tile: [number, number]) =>
    largeTiff({ width, height, tile, compression: 8, pattern: deflatedZeros(tile[0] * 16 * 3), segmentBytes: 400 });

  it.each([
    ["wider than the image, in each of its 4,000 rows of tiles", () => tiled(16, 64_000, [65_520, 16])],
    ["so tall that each would be decompressed for many bands", () => tiled(1500, 60_000, [16, 65_520])],
  ])("is refused for tiles %s", async (_name, build) => {
    const source = build();
    let readBytes = 0;
    const counted = {
      ...source,
      read: (at: number, length: number) => ((readBytes += length), source.read(at, length)),
    };
    await expect(tiffToJpeg(counted, limits, 1)).rejects.toThrow("the TIFF's tiles are too large for its size");
    expect(readBytes).toBeLessThan(1024 * 1024);
  });

  it("is accepted for a small image in one large tile", async () => {
    const pattern = deflatedZeros(1024 * 1024 * 3);
    const source = largeTiff({
      width: 20,
      height: 10,
      tile: [1024, 1024],
      compression: 8,
      pattern,
      segmentBytes: pattern.length,
    });
    expect(await tiffToJpeg(source, limits, 1)).toMatchObject({ width: 20, height: 10 });
  });

  it("reads tiles in several bands as in one", async () => {
    // Rows of 60,000 pixels leave 69 rows a band: the second band starts within the tile.
    const rows = 80;
    const pixels = new Uint8Array(60_000 * rows * 3).map((_, at) => Math.floor(at / (60_000 * 3)) * 3);
    const half = new Uint8Array(30_000 * rows * 3).map((_, at) => Math.floor(at / (30_000 * 3)) * 3);
    for (const [compression, pack] of [
      [1, (bytes: Uint8Array) => bytes],
      [8, (bytes: Uint8Array) => new Uint8Array(deflateSync(bytes))],
    ] as const) {
      const [strip, tile] = [pack(pixels), pack(half)];
      const size = { width: 60_000, height: rows, compression };
      const whole = largeTiff({ ...size, pattern: strip, segmentBytes: strip.length });
      const tiles = largeTiff({ ...size, tile: [30_000, rows], pattern: tile, segmentBytes: tile.length });
      const [expected, actual] = [await tiffToJpeg(whole, limits, 1), await tiffToJpeg(tiles, limits, 1)];
      expect(concatenate(actual.pieces)).toEqual(concatenate(expected.pieces));
    }
  });
});
