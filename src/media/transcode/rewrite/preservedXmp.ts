/** One XMP packet for other pixels, from the packets of a file. Its values stay as they were written. */
import { type XmpDescription, type XmpProperty, xmpDescriptions } from "./xmpPacket.ts";

/** A JPEG segment holds 65,533 bytes; this leaves room for the names in front. */
export const longestCarriedBytes = 64_000;
const mostPackets = 4;

const tiff = "http://ns.adobe.com/tiff/1.0/";
const exif = "http://ns.adobe.com/exif/1.0/";
const photoshop = "http://ns.adobe.com/photoshop/1.0/";

/** How the old pixels lay and were coded, what they looked like small, and sums over what is written anew. */
const pixelProperties = new Map([
  [
    tiff,
    "Orientation ImageWidth ImageLength BitsPerSample Compression PhotometricInterpretation SamplesPerPixel PlanarConfiguration YCbCrSubSampling YCbCrPositioning YCbCrCoefficients WhitePoint PrimaryChromaticities ReferenceBlackWhite TransferFunction NativeDigest",
  ],
  [exif, "PixelXDimension PixelYDimension ColorSpace ComponentsConfiguration CompressedBitsPerPixel NativeDigest"],
  [photoshop, "ICCProfile ColorMode"],
  ["http://ns.adobe.com/xap/1.0/", "Thumbnails"],
  ["http://purl.org/dc/terms/", "provenance"],
]);

/**
 * Whole vocabularies that speak of what lies elsewhere in the old file (gain maps, depth, the film of a motion photo,
 * the rest of the packet) or say how its raw pixels are to be developed, which has been done.
 */
const fileNamespaces = [
  "http://ns.adobe.com/xmp/note/",
  "http://ns.adobe.com/camera-raw-settings/1.0/",
  "http://ns.adobe.com/hdr-gain-map/1.0/",
  "http://ns.google.com/photos/",
  "http://ns.apple.com/",
];
const panorama = "http://ns.google.com/photos/1.0/panorama/";

function isCarried({ namespace, name }: XmpProperty): boolean {
  if (namespace !== panorama && fileNamespaces.some((prefix) => namespace.startsWith(prefix))) return false;
  return !(pixelProperties.get(namespace) ?? "").split(" ").includes(name);
}

const begin = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">\n';
const rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const end = '</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>';

/** Only of the prefixes that its properties use: a packet may declare any number. */
function written({ namespaces, properties }: XmpDescription): string {
  const of = (form: XmpProperty["form"]) => properties.filter((property) => property.form === form);
  const texts = properties.map((property) => property.text).join(" ");
  const used = [...namespaces].filter(([prefix]) => texts.includes(`${prefix}:`));
  const declared = used.map(([prefix, namespace]) => `xmlns:${prefix}="${namespace.replaceAll('"', "&quot;")}"`);
  const attributes = [...declared, ...of("attribute").map((property) => property.text)].map((text) => ` ${text}`);
  const elements = of("element").map((property) => `${property.text}\n`);
  return `<rdf:Description rdf:about=""${attributes.join("")}>\n${elements.join("")}</rdf:Description>\n`;
}

function packetOf(descriptions: XmpDescription[]): Uint8Array {
  const text = `${begin}<rdf:RDF xmlns:rdf="${rdf}">\n${descriptions.map(written).join("")}${end}`;
  return new TextEncoder().encode(text);
}

/** The first of each name, as when it is read; a description of another `rdf` would change what ours means. */
function carriedDescriptions(packets: Uint8Array[]): XmpDescription[] {
  const known = new Set<string>();
  return packets.slice(0, mostPackets).flatMap((packet) =>
    xmpDescriptions(packet)
      .filter(({ namespaces }) => namespaces.get("rdf") === rdf)
      .map(({ namespaces, properties }) => ({
        namespaces,
        properties: properties.filter((property) => {
          const key = `${property.namespace} ${property.name}`;
          const isNew = isCarried(property) && !known.has(key);
          if (isNew) known.add(key);
          return isNew;
        }),
      }))
      .filter(({ properties }) => properties.length > 0),
  );
}

/** Without the longest properties where it would not fit a JPEG's segment: a long history before a short caption. */
export function carryXmp(packets: Uint8Array[]): Uint8Array | null {
  const descriptions = carriedDescriptions(packets);
  const sizes = descriptions
    .flatMap(({ properties }) => properties)
    .map((property) => ({ property, sizeBytes: new TextEncoder().encode(property.text).length }))
    .toSorted((a, b) => b.sizeBytes - a.sizeBytes);
  if (sizes.length === 0) return null;
  let excessBytes = packetOf(descriptions).length - longestCarriedBytes;
  const dropped = new Set<XmpProperty>();
  for (const { property, sizeBytes } of sizes) {
    if (excessBytes <= 0) break;
    dropped.add(property);
    excessBytes -= sizeBytes;
  }
  const kept = descriptions
    .map((each) => ({ ...each, properties: each.properties.filter((property) => !dropped.has(property)) }))
    .filter(({ properties }) => properties.length > 0);
  return excessBytes > 0 || kept.length === 0 ? null : packetOf(kept);
}
