/** Builds small PNGs whose compressed XMP packets carry long texts. */
import { bytesOf, u32 } from "./buildImage.ts";
import { plainPng } from "./pngs.ts";

/** Text fields that an XMP packet can set. */
export const xmpTextFields = [
  "tiff:Make",
  "tiff:Model",
  "exifEX:LensModel",
  "dc:description",
  "photoshop:City",
  "photoshop:State",
  "photoshop:Country",
  "Iptc4xmpCore:Location",
  "GPano:ProjectionType",
  "GCamera:BurstID",
] as const;

/** A packet is read up to 1 MiB, so that three fields of 64 Ki units of three bytes fit. */
const FIELDS_PER_PACKET = 3;
/** Signature and IHDR. */
const HEADER_BYTES = 8 + 25;

async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** An iTXt chunk with a compressed packet. Readers ignore the missing checksum. */
async function xmpChunk(fields: [string, string][]): Promise<Uint8Array> {
  const properties = fields.map(([name, text]) => `<${name}>${escapeXml(text)}</${name}>`).join("");
  const packet = `<rdf:RDF><rdf:Description>${properties}</rdf:Description></rdf:RDF>`;
  const compressed = await deflate(new TextEncoder().encode(packet));
  const body = bytesOf("XML:com.adobe.xmp\0", [1, 0], "\0\0", compressed);
  return bytesOf(u32(body.length), "iTXt", body, u32(0));
}

/** A PNG of one pixel with these XMP properties. */
export async function textPng(fields: Partial<Record<(typeof xmpTextFields)[number], string>>): Promise<Uint8Array> {
  const entries = Object.entries(fields);
  const packets: Uint8Array[] = [];
  for (let i = 0; i < entries.length; i += FIELDS_PER_PACKET) {
    packets.push(await xmpChunk(entries.slice(i, i + FIELDS_PER_PACKET)));
  }
  const png = await plainPng(1, 1, [1, 2, 3, 255]);
  return bytesOf(png.subarray(0, HEADER_BYTES), ...packets, png.subarray(HEADER_BYTES));
}

/** The same text in every field. */
export async function filledTextPng(text: string): Promise<Uint8Array> {
  return await textPng(Object.fromEntries(xmpTextFields.map((field) => [field, text])));
}
