/** Builds MP4 films whose sample tables lead to real key frames. */
import { box, bytesOf, u16, u32 } from "./buildImage.ts";
import { movieHeader, uprightMatrix } from "./buildVideo.ts";

export interface Film {
  samples: Uint8Array[];
  /** Numbers of the key frames, from 1 on; null means that all samples are key frames, without a table. */
  sync?: number[] | null;
  /** Samples of each chunk. */
  chunks?: number[];
  has64BitOffsets?: boolean;
  isMovieFirst?: boolean;
  matrix?: number[];
  movieMatrix?: number[];
  codec?: string;
  /** Boxes of the sample entry. */
  entry?: Uint8Array[];
}

const VERSION_AND_FLAGS = [0, 0, 0, 0];
const FILE_TYPE = box("ftyp", "isom", [0, 0, 0, 0]);

function table(type: string, rows: readonly (readonly number[])[], entryBytes = 4): Uint8Array {
  const fields = rows.flat().map((value) => (entryBytes === 8 ? bytesOf(u32(0), u32(value)) : bytesOf(u32(value))));
  return box(type, VERSION_AND_FLAGS, u32(rows.length), ...fields);
}

/** An entry for each chunk that has another number of samples than the one before. */
function chunkRows(chunks: readonly number[]): number[][] {
  return chunks.flatMap((samples, i) => (i > 0 && chunks[i - 1] === samples ? [] : [[i + 1, samples, 1]]));
}

function sizeTable(sizes: readonly number[]): Uint8Array {
  const isUniform = sizes.length > 1 && sizes.every((size) => size === sizes[0]);
  if (isUniform) return box("stsz", VERSION_AND_FLAGS, u32(sizes[0] ?? 0), u32(sizes.length));
  return box("stsz", VERSION_AND_FLAGS, u32(0), u32(sizes.length), ...sizes.map((size) => u32(size)));
}

function sampleBoxes(parts: Film, chunks: readonly number[], offsets: readonly number[]): Uint8Array {
  const { samples, sync = null, codec = "avc1", entry = [], has64BitOffsets = false } = parts;
  const offsetRows = offsets.map((offset) => [offset]);
  return box(
    "stbl",
    box(
      "stsd",
      VERSION_AND_FLAGS,
      u32(1),
      box(codec, new Uint8Array(24), u16(64), u16(64), new Uint8Array(50), ...entry),
    ),
    table("stts", [[samples.length, 20]]),
    ...(sync === null
      ? []
      : [
          table(
            "stss",
            sync.map((number) => [number]),
          ),
        ]),
    table("stsc", chunkRows(chunks)),
    sizeTable(samples.map((sample) => sample.length)),
    has64BitOffsets ? table("co64", offsetRows, 8) : table("stco", offsetRows),
  );
}

function movieBox(parts: Film, chunks: readonly number[], offsets: readonly number[]): Uint8Array {
  const { matrix = uprightMatrix, movieMatrix = uprightMatrix, samples } = parts;
  const tkhd = box(
    "tkhd",
    [0, 0, 0, 7],
    u32(0),
    u32(0),
    u32(1),
    new Uint8Array(24),
    ...matrix.map((value) => u32(value)),
    u32(64 * 65536),
    u32(64 * 65536),
  );
  const mdhd = box("mdhd", VERSION_AND_FLAGS, u32(0), u32(0), u32(600), u32(samples.length * 20), u32(0));
  const hdlr = box("hdlr", new Uint8Array(8), "vide", new Uint8Array(12));
  const minf = box("minf", box("vmhd", new Uint8Array(12)), sampleBoxes(parts, chunks, offsets));
  const trak = box("trak", tkhd, box("mdia", mdhd, hdlr, minf));
  return box("moov", movieHeader(0, samples.length * 20, movieMatrix), trak);
}

/** Returns an MP4 file. A gap of 3 bytes precedes each chunk. */
export function film(parts: Film): Uint8Array {
  const chunks = parts.chunks ?? [parts.samples.length];
  let next = 0;
  const groups = chunks.map((count) => parts.samples.slice(next, (next += count)));
  const data = box("mdat", ...groups.flatMap((group) => [new Uint8Array(3), ...group]));
  const movieBytes = movieBox(
    parts,
    chunks,
    chunks.map(() => 0),
  ).length;
  let at = FILE_TYPE.length + (parts.isMovieFirst === true ? movieBytes : 0) + 8;
  const offsets = groups.map((group) => {
    const start = at + 3;
    at = group.reduce((sum, sample) => sum + sample.length, start);
    return start;
  });
  const movie = movieBox(parts, chunks, offsets);
  return parts.isMovieFirst === true ? bytesOf(FILE_TYPE, movie, data) : bytesOf(FILE_TYPE, data, movie);
}

/** The content of a sample and of avcC with lengths of 4 bytes, from the units of a byte stream. */
export function avcSample(units: readonly Uint8Array[]): { sample: Uint8Array; configuration: Uint8Array } {
  const isSet = (unit: Uint8Array) => [7, 8].includes((unit[0] ?? 0) & 31);
  const [sequences, pictures] = [7, 8].map((type) => units.filter((unit) => ((unit[0] ?? 0) & 31) === type));
  const sets = (list: Uint8Array[] = []) => list.map((unit) => bytesOf(u16(unit.length), unit));
  return {
    sample: bytesOf(...units.filter((unit) => !isSet(unit)).map((unit) => bytesOf(u32(unit.length), unit))),
    configuration: box(
      "avcC",
      [1, 100, 0, 30, 0xff, 0xe0 | (sequences?.length ?? 0)],
      ...sets(sequences),
      [pictures?.length ?? 0],
      ...sets(pictures),
    ),
  };
}
