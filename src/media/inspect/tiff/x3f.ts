/** Reads a Sigma X3F: sections listed in a directory at the end; the size is in the header. */
import { subSource } from "../bytes/boundedSource.ts";
import { asciiAt, viewOf } from "../bytes/bytes.ts";
import type { ByteRange, ByteSource } from "../bytes/byteSource.ts";
import { readJpeg } from "../containers/jpeg/jpeg.ts";
import type { ImageContent } from "../containers/imageContent.ts";
import { orientationOfRotation } from "./rotation.ts";
import { normalizeText, parseNumber, positiveNumber } from "../metadata/normalize.ts";

const HEADER_BYTES = 52;
const MAX_SECTIONS = 64;
/** Sections may overlap, so that each JPEG costs as much as the file. */
const MAX_PREVIEWS = 4;
const IMAGE_HEADER_BYTES = 28;
const JPEG_FORMAT = 18;
const PROPERTIES_HEADER_BYTES = 24;
const MAX_PROPERTIES = 256;
const MAX_PROPERTIES_BYTES = 64 * 1024;

interface Section extends ByteRange {
  type: string;
}

async function readSections(source: ByteSource): Promise<Section[]> {
  const at = viewOf(await source.read(source.sizeBytes - 4, 4)).getUint32(0, true);
  const head = await source.read(at, 12);
  if (asciiAt(head, 0, 4) !== "SECd") return [];
  const count = Math.min(viewOf(head).getUint32(8, true), MAX_SECTIONS);
  const bytes = await source.read(at + 12, count * 12);
  const view = viewOf(bytes);
  return Array.from({ length: Math.floor(bytes.length / 12) }, (_, i) => ({
    offset: view.getUint32(i * 12, true),
    length: view.getUint32(i * 12 + 4, true),
    type: asciiAt(bytes, i * 12 + 8, 4),
  }));
}

/** Returns the JPEG previews of the file. */
export async function x3fJpegs(source: ByteSource): Promise<ByteRange[]> {
  const ranges: ByteRange[] = [];
  for (const { type, offset, length } of await readSections(source)) {
    if (type !== "IMA2" && type !== "IMAG") continue;
    const head = await source.read(offset, IMAGE_HEADER_BYTES);
    if (head.length < IMAGE_HEADER_BYTES || viewOf(head).getUint32(12, true) !== JPEG_FORMAT) continue;
    ranges.push({ offset: offset + IMAGE_HEADER_BYTES, length: length - IMAGE_HEADER_BYTES });
  }
  return ranges;
}

/** Reads the size, the EXIF of the preview, and the properties that cameras before 2010 have instead. */
export async function readX3f(source: ByteSource, content: ImageContent): Promise<void> {
  const header = viewOf(await source.read(0, HEADER_BYTES));
  const sizeAt = header.getUint16(6, true) < 4 ? 28 : 40;
  const size = { width: header.getUint32(sizeAt, true), height: header.getUint32(sizeAt + 4, true) };
  const previews = (await x3fJpegs(source)).slice(0, MAX_PREVIEWS);
  for (const { offset, length } of previews) await readJpeg(subSource(source, offset, length), content);
  content.rawWidth = size.width;
  content.rawHeight = size.height;
  const section = (await readSections(source)).find(({ type }) => type === "PROP");
  content.fields.orientation = orientationOfRotation(header.getUint32(sizeAt + 8, true));
  if (section !== undefined) await readProperties(source, section, content);
}

/** Names and values are NUL-terminated UTF-16 texts at offsets in characters. */
async function readProperties(source: ByteSource, section: Section, { fields }: ImageContent): Promise<void> {
  const bytes = await source.read(section.offset, Math.min(section.length, MAX_PROPERTIES_BYTES));
  const view = viewOf(bytes);
  const count = Math.min(view.getUint32(8, true), MAX_PROPERTIES);
  const text = new TextDecoder("utf-16le").decode(bytes.subarray(PROPERTIES_HEADER_BYTES + count * 8));
  const properties = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    const at = PROPERTIES_HEADER_BYTES + i * 8;
    const [name = "", value = ""] = [at, at + 4].map(
      (field) => text.slice(view.getUint32(field, true)).split("\0", 1)[0],
    );
    properties.set(name, value);
  }
  const number = (name: string) => positiveNumber(parseNumber(properties.get(name)));
  const seconds = number("TIME");
  fields.make = normalizeText(properties.get("CAMMANUF"));
  fields.model = normalizeText(properties.get("CAMMODEL"));
  fields.originalDatetime = seconds === null ? null : { wallUs: Math.round(seconds) * 1_000_000, offsetMinutes: null };
  fields.fNumber = number("APERTURE");
  fields.focalLength = number("FLENGTH");
  fields.iso = number("ISO");
  fields.exposureTime = number("SHUTTER");
}
