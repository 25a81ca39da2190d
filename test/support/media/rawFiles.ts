/** Builds RAW files in the layouts of several cameras, with generated JPEGs as previews. */
import { decoderMemory } from "../../../src/media/transcode/decoderMemory.ts";
import { jpegEncoder } from "../../../src/media/transcode/jpeg/jpegEncoder.ts";
import { concatenate, limits } from "./renderedImage.ts";

export interface JpegFileOptions {
  orientation?: number;
  /** The frame marker: 0xc3 is the lossless coding of sensor data. */
  frame?: number;
}

/** Left half red, right half blue. */
export function jpegOf(
  width: number,
  height: number,
  { orientation = 1, frame = 0xc0 }: JpegFileOptions = {},
): Uint8Array {
  const encoder = jpegEncoder({ width, height, orientation, icc: null, memory: decoderMemory(), ...limits });
  const row = Array.from({ length: width }, (_, x) => (x < width / 2 ? [220, 20, 20] : [20, 20, 220])).flat();
  for (let y = 0; y < height; y++) encoder.addRow(Uint8Array.from(row), 0);
  const bytes = concatenate(encoder.finish());
  const at = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc0 && bytes[i + 3] === 17);
  bytes[at + 1] = frame;
  return bytes;
}

export type Entry = [tag: number, type: number, values: number[] | Uint8Array];

/** Little-endian directories. Values longer than four bytes refer to `blobs`. */
export interface RawFileOptions {
  magic?: string;
  /** The first directory and those it chains to. */
  directories: ((at: (name: string) => number) => Entry[])[];
  /** Directories that an entry refers to. */
  sub?: Record<string, (at: (name: string) => number) => Entry[]>;
  blobs: Record<string, Uint8Array>;
}

const le = (value: number, bytes: number) => Array.from({ length: bytes }, (_, i) => (value >>> (8 * i)) & 255);

export function rawFile({ magic = "II*\0", directories, sub = {}, blobs }: RawFileOptions): Uint8Array {
  const offsets = new Map<string, number>();
  const size = (entries: Entry[]) => 2 + entries.length * 12 + 4;
  const at = (name: string) => offsets.get(name) ?? 0;
  const all: [string, (at: (name: string) => number) => Entry[]][] = [
    ...directories.map((make, i): [string, typeof make] => [`#${i}`, make]),
    ...Object.entries(sub),
  ];
  let end = 8;
  for (const [name, make] of all) {
    offsets.set(name, end);
    end += size(make(at));
  }
  for (const [name, bytes] of Object.entries(blobs)) {
    offsets.set(name, end);
    end += bytes.length;
  }
  const out: number[] = [...Array.from(magic, (c) => c.charCodeAt(0)), ...le(8, 4)];
  all.forEach(([name, make], i) => {
    const entries = make(at);
    out.push(...le(entries.length, 2));
    for (const [tag, type, values] of entries) {
      if (values instanceof Uint8Array) {
        const [blob] = Object.entries(blobs).find(([, bytes]) => bytes === values) ?? [""];
        out.push(...le(tag, 2), ...le(type, 2), ...le(values.length, 4), ...le(at(blob), 4));
      } else
        out.push(
          ...le(tag, 2),
          ...le(type, 2),
          ...le(values.length, 4),
          ...le(values[0] ?? 0, type === 3 ? 2 : 4),
          ...(type === 3 ? [0, 0] : []),
        );
    }
    out.push(...le(name.startsWith("#") && i + 1 < directories.length ? at(`#${i + 1}`) : 0, 4));
  });
  const whole = new Uint8Array(end);
  whole.set(out);
  for (const [name, bytes] of Object.entries(blobs)) whole.set(bytes, at(name));
  return whole;
}

const be = (value: number, bytes: number) => le(value, bytes).reverse();
const text = (value: string) => Array.from(value, (c) => c.charCodeAt(0));
const box = (type: string, content: number[]) => [...be(content.length + 8, 4), ...text(type), ...content];

/** A CR3 with a small JPEG in Canon's box and one as the single sample of its first track. */
export function cr3File(small: Uint8Array, full: Uint8Array): Uint8Array {
  const uuid = "\xea\xf4\x2b\x5e\x1c\x98\x4b\x88\xb9\xfb\xb7\xdc\x40\x6e\x4d\x16";
  const head = box("ftyp", text("crx \0\0\0\x01crx isom"));
  const prvw = box("PRVW", [0, 0, 0, 0, 0, 1, 0, 10, 0, 10, 0, 1, ...be(small.length, 4), ...small]);
  const moov = (offset: number) => {
    const stsz = box("stsz", [0, 0, 0, 0, ...be(0, 4), ...be(1, 4), ...be(full.length, 4)]);
    const co64 = box("co64", [0, 0, 0, 0, ...be(1, 4), ...be(0, 4), ...be(offset, 4)]);
    return box("moov", box("trak", box("mdia", box("minf", box("stbl", [...stsz, ...co64])))));
  };
  const preview = box("uuid", [...text(uuid), ...be(0, 8), ...prvw]);
  const before = head.length + moov(0).length + preview.length + 8;
  return Uint8Array.from([...head, ...moov(before), ...preview, ...box("mdat", [...full])]);
}

/** A RAF: a fixed header, then the JPEG. */
export function rafFile(jpeg: Uint8Array): Uint8Array {
  const head = new Uint8Array(148);
  head.set(text("FUJIFILMCCD-RAW 0201"));
  head.set([...be(148, 4), ...be(jpeg.length, 4)], 84);
  return Uint8Array.from([...head, ...jpeg]);
}
