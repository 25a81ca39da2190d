import { type ExifBlock, MAX_EXIF_BLOCKS } from "../containers/imageContent.ts";
import { type DecodedTags, decodeTags } from "./decodedTags.ts";
import { readDirectories } from "./exifDirectories.ts";
import { decodeWithExifr } from "./exifrDecoder.ts";
import { exifTags, imageTags, MAKER_NOTE_TAG } from "./exifTags.ts";
import { type MakerNote, readMakerNote } from "./makerNotes.ts";
import { type TagValue, textAt } from "./tagValues.ts";

export interface ExifValues extends DecodedTags {
  note: MakerNote;
}

/**
 * Reads the tags of a file's EXIF blocks; the first block with a tag wins. exifr decodes blocks in memory;
 * `decodeTags` decodes RAW and TIFF files and the blocks that exifr decodes only partly.
 */
export async function readExif(blocks: ExifBlock[]): Promise<ExifValues> {
  const image = new Map<number, TagValue>();
  const exif = new Map<number, TagValue>();
  const gps = new Map<number, TagValue>();
  const notes: MakerNote[] = [];
  for (const { source, bytes, firstDirectory } of blocks.slice(0, MAX_EXIF_BLOCKS)) {
    const directories = await readDirectories(source, firstDirectory);
    if (directories === null) continue;
    const decoded = bytes && (await decodeWithExifr(bytes, directories));
    const tags = decoded ?? (await decodeTags(source, directories));
    addMissing(image, tags.image);
    addMissing(exif, tags.exif);
    addMissing(gps, tags.gps);
    const make = textAt(image, imageTags.make) ?? "";
    const camera = { make, littleEndian: directories.header.littleEndian, wantsLens: !exif.has(exifTags.lensModel) };
    notes.push(await readMakerNote(source, directories.exif?.entries.get(MAKER_NOTE_TAG), camera));
  }
  const first = (name: keyof MakerNote) => notes.find((note) => note[name] !== null)?.[name] ?? null;
  const note = {
    contentIdentifier: first("contentIdentifier"),
    burstIdentifier: first("burstIdentifier"),
    lensModel: first("lensModel"),
  };
  return { image, exif, gps, note };
}

function addMissing(values: Map<number, TagValue>, more: ReadonlyMap<number, TagValue>): void {
  for (const [tag, value] of more) {
    if (!values.has(tag)) values.set(tag, value);
  }
}
