/** Preserves the XMP of an upload for its edited versions. Values are copied verbatim. */
import { type InspectionBudget, inspectionBudget } from "../../inspect/bytes/inspectionBudget.ts";
import { MAX_XMP_PACKETS } from "../../inspect/containers/imageContent.ts";
import { type XmpDescription, type XmpProperty, parseXmpDescriptions } from "./xmpPacket.ts";

/** A JPEG segment holds 65,533 bytes, including the XMP identifier. */
export const MAX_PRESERVED_BYTES = 64_000;

const TIFF_NAMESPACE = "http://ns.adobe.com/tiff/1.0/";
const EXIF_NAMESPACE = "http://ns.adobe.com/exif/1.0/";
const PHOTOSHOP_NAMESPACE = "http://ns.adobe.com/photoshop/1.0/";

/** Properties of the old pixels: layout, coding, thumbnails and digests. */
const pixelProperties = new Map([
  [
    TIFF_NAMESPACE,
    "Orientation ImageWidth ImageLength BitsPerSample Compression PhotometricInterpretation SamplesPerPixel PlanarConfiguration YCbCrSubSampling YCbCrPositioning YCbCrCoefficients WhitePoint PrimaryChromaticities ReferenceBlackWhite TransferFunction NativeDigest",
  ],
  [
    EXIF_NAMESPACE,
    "PixelXDimension PixelYDimension ColorSpace ComponentsConfiguration CompressedBitsPerPixel NativeDigest",
  ],
  [PHOTOSHOP_NAMESPACE, "ICCProfile ColorMode"],
  ["http://ns.adobe.com/xap/1.0/", "Thumbnails"],
  ["http://purl.org/dc/terms/", "provenance"],
]);

/**
 * Namespaces that reference other parts of the old file (gain maps, depth, motion photos, extended XMP) or contain raw
 * development settings.
 */
const fileNamespaces = [
  "http://ns.adobe.com/xmp/note/",
  "http://ns.adobe.com/camera-raw-settings/1.0/",
  "http://ns.adobe.com/hdr-gain-map/1.0/",
  "http://ns.apple.com/",
];
/** Google's photo namespaces, and those that OPPO, OnePlus, Xiaomi, vivo, Huawei and Honor named after them. */
const PHONE_NAMESPACE = /^https?:\/\/ns\.[a-z]+\.com\/photos\//i;
const PANORAMA_NAMESPACE = "http://ns.google.com/photos/1.0/panorama/";

function isPreserved({ namespace, name }: XmpProperty): boolean {
  const isOfFile = PHONE_NAMESPACE.test(namespace) || fileNamespaces.some((prefix) => namespace.startsWith(prefix));
  if (isOfFile && namespace !== PANORAMA_NAMESPACE) return false;
  return !(pixelProperties.get(namespace) ?? "").split(" ").includes(name);
}

const PACKET_START = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">\n';
const RDF_NAMESPACE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const PACKET_END = '</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>';

const PREFIX = /[A-Za-z_][\w.-]*(?=:)/g;

/** Declares only prefixes in use: a packet may declare any number. */
function serializeDescription({ namespaces, properties }: XmpDescription): string {
  const of = (form: XmpProperty["form"]) => properties.filter((property) => property.form === form);
  const prefixes = new Set(properties.flatMap(({ text }) => [...text.matchAll(PREFIX)].map(([prefix]) => prefix)));
  const declared = [...prefixes].flatMap((prefix) => {
    const namespace = namespaces.get(prefix);
    return namespace === undefined ? [] : [`xmlns:${prefix}="${namespace.replaceAll('"', "&quot;")}"`];
  });
  const attributes = [...declared, ...of("attribute").map((property) => property.text)].map((text) => ` ${text}`);
  const elements = of("element").map((property) => `${property.text}\n`);
  return `<rdf:Description rdf:about=""${attributes.join("")}>\n${elements.join("")}</rdf:Description>\n`;
}

function serializePacket(descriptions: XmpDescription[]): Uint8Array {
  const text = `${PACKET_START}<rdf:RDF xmlns:rdf="${RDF_NAMESPACE}">\n${descriptions.map(serializeDescription).join("")}${PACKET_END}`;
  return new TextEncoder().encode(text);
}

/** The first property of each name counts, as in reading. Packets that bind `rdf` to another namespace are skipped. */
function preservedDescriptions(packets: Uint8Array[], budget: InspectionBudget): XmpDescription[] {
  const known = new Set<string>();
  return packets.slice(0, MAX_XMP_PACKETS).flatMap((packet) =>
    parseXmpDescriptions(packet, budget)
      .filter(({ namespaces }) => namespaces.get("rdf") === RDF_NAMESPACE)
      .map(({ namespaces, properties }) => ({
        namespaces,
        properties: properties.filter((property) => {
          const key = `${property.namespace} ${property.name}`;
          const isNew = isPreserved(property) && !known.has(key);
          if (isNew) known.add(key);
          return isNew;
        }),
      }))
      .filter(({ properties }) => properties.length > 0),
  );
}

/** Builds one packet. Drops the longest properties until it fits a JPEG segment; null if nothing is left. */
export function preserveXmp(packets: Uint8Array[], budget = inspectionBudget()): Uint8Array | null {
  const descriptions = preservedDescriptions(packets, budget);
  const sizes = descriptions
    .flatMap(({ properties }) => properties)
    .map((property) => ({ property, sizeBytes: new TextEncoder().encode(property.text).length }))
    .toSorted((a, b) => b.sizeBytes - a.sizeBytes);
  if (sizes.length === 0) return null;
  let excessBytes = serializePacket(descriptions).length - MAX_PRESERVED_BYTES;
  const dropped = new Set<XmpProperty>();
  for (const { property, sizeBytes } of sizes) {
    if (excessBytes <= 0) break;
    dropped.add(property);
    excessBytes -= sizeBytes;
  }
  const kept = descriptions
    .map((each) => ({ ...each, properties: each.properties.filter((property) => !dropped.has(property)) }))
    .filter(({ properties }) => properties.length > 0);
  return excessBytes > 0 || kept.length === 0 ? null : serializePacket(kept);
}
