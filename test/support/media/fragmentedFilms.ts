/** Builds fragmented MP4 films with real key frames. */
import { box, bytesOf, u16, u32 } from "./buildImage.ts";
import { movieHeader, uprightMatrix } from "./buildVideo.ts";

export interface FragmentedFilm {
  /** Samples of each fragment; the first of them is a key frame. */
  fragments: Uint8Array[][];
  /** What leads to the fragments: an index at the end, one at the start, or nothing. */
  index: "mfra" | "sidx" | "none";
  /** Where the place of the data counts from. */
  base?: "moof" | "file";
  /** Number of other samples in front of each key frame. */
  leading?: number;
  entry?: Uint8Array[];
}

const VERSION_AND_FLAGS = [0, 0, 0, 0];
const TRACK_ID = 1;
const NOT_SYNC = 0x10000;

function movieBox(entry: Uint8Array[]): Uint8Array {
  const matrix = uprightMatrix.map((value) => u32(value));
  const tkhd = box("tkhd", [0, 0, 0, 7], u32(0), u32(0), u32(TRACK_ID), new Uint8Array(24), ...matrix, u32(0), u32(0));
  const mdhd = box("mdhd", VERSION_AND_FLAGS, u32(0), u32(0), u32(600), u32(0), u32(0));
  const hdlr = box("hdlr", new Uint8Array(8), "vide", new Uint8Array(12));
  const sample = box("avc1", new Uint8Array(24), u16(64), u16(64), new Uint8Array(50), ...entry);
  const empty = ["stts", "stsc", "stco"].map((type) => box(type, VERSION_AND_FLAGS, u32(0)));
  const sizes = box("stsz", VERSION_AND_FLAGS, u32(0), u32(0));
  const stbl = box("stbl", box("stsd", VERSION_AND_FLAGS, u32(1), sample), ...empty, sizes);
  const trak = box("trak", tkhd, box("mdia", mdhd, hdlr, box("minf", box("vmhd", new Uint8Array(12)), stbl)));
  const trex = box("trex", VERSION_AND_FLAGS, u32(TRACK_ID), u32(1), u32(20), u32(0), u32(NOT_SYNC));
  return box("moov", movieHeader(0, 0), trak, box("mvex", trex));
}

/** Samples in front of the key frame have the default flags, which say that they are none. */
function fragmentBoxes(samples: Uint8Array[], at: number, { base = "moof", leading = 0 }: FragmentedFilm): Uint8Array {
  const data = [...Array.from({ length: leading }, () => new Uint8Array(5)), ...samples];
  const rows = data.map((sample, i) => bytesOf(u32(sample.length), u32(i === leading ? 0 : NOT_SYNC)));
  const build = (dataOffset: number) => {
    const tfhd =
      base === "moof" ? [0, 2, 0, 0, ...u32(TRACK_ID)] : [0, 0, 0, 1, ...u32(TRACK_ID), ...u32(0), ...u32(0)];
    const trun = box("trun", [0, 0, 6, 1], u32(data.length), u32(dataOffset), ...rows);
    const other = box(
      "traf",
      box("tfhd", VERSION_AND_FLAGS, u32(TRACK_ID + 1)),
      box("trun", VERSION_AND_FLAGS, u32(9)),
    );
    return box("moof", box("mfhd", VERSION_AND_FLAGS, u32(1)), other, box("traf", box("tfhd", tfhd), trun));
  };
  const moofBytes = build(0).length;
  const dataOffset = moofBytes + 8 + (base === "file" ? at : 0);
  return bytesOf(build(dataOffset), box("mdat", ...data));
}

function randomAccess(offsets: readonly number[]): Uint8Array {
  const entries = offsets.map((offset, i) => bytesOf(u32(i * 600), u32(offset), [1, 1, 1]));
  const tfra = box("tfra", VERSION_AND_FLAGS, u32(TRACK_ID), u32(0), u32(entries.length), ...entries);
  const size = 8 + tfra.length + 16;
  return box("mfra", tfra, box("mfro", VERSION_AND_FLAGS, u32(size)));
}

function segmentIndex(sizes: readonly number[]): Uint8Array {
  const entries = sizes.map((size) => bytesOf(u32(size), u32(600), u32(0)));
  return box("sidx", VERSION_AND_FLAGS, u32(TRACK_ID), u32(600), u32(0), u32(0), u16(0), u16(sizes.length), ...entries);
}

export function fragmentedFilm(film: FragmentedFilm): Uint8Array {
  const { fragments, index, entry = [] } = film;
  const head = bytesOf(box("ftyp", "iso5", [0, 0, 0, 0]), movieBox(entry));
  const sizes = fragments.map((samples) => fragmentBoxes(samples, 0, film).length);
  const segments = index === "sidx" ? segmentIndex(sizes) : new Uint8Array();
  const offsets = sizes.map((_, i) => head.length + segments.length + sizes.slice(0, i).reduce((a, b) => a + b, 0));
  const bodies = fragments.map((samples, i) => fragmentBoxes(samples, offsets[i] ?? 0, film));
  return bytesOf(head, segments, ...bodies, index === "mfra" ? randomAccess(offsets) : []);
}
