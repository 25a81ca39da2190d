/** The metadata of a still picture from its blocks, and which block is believed where they differ. */
import type { StillContent } from "../containers/stillContent.ts";
import { type WallTime, parseExifDate, parseIsoDate } from "../wallTime.ts";
import { type ExifValues, readExif } from "./exif.ts";
import { type FileMetadata, emptyMetadata } from "./fileMetadata.ts";
import { exifAltitude, exifPosition, xmpAltitude, xmpPosition } from "./gps.ts";
import { profileDescription } from "./icc.ts";
import { iptcTags, parseIptc } from "./iptc.ts";
import { finiteNumber, numberInText, positiveNumber, tidyText } from "./tidy.ts";
import { type XmpProperties, parseXmp } from "./xmp.ts";

type Fields = Partial<FileMetadata>;

/** EXIF before the rest; IPTC before XMP for captions and places, as exiftool has them. */
export async function readStillMetadata(content: StillContent): Promise<FileMetadata> {
  const exif = await readExif(content.tiff);
  const xmp = mergedXmp(content.xmp);
  const iptc = mergedIptc(content.iptc);
  return {
    ...emptyMetadata(),
    ...cameraFields(exif, xmp),
    ...exposureFields(exif, xmp),
    ...dateFields(exif, xmp),
    ...positionFields(exif, xmp),
    ...captionFields(exif, xmp, iptc),
    projectionType: tidyText(xmp.get("GPano:ProjectionType")?.[0]),
    profileDescription: content.icc && profileDescription(content.icc),
    livePhotoCid: exif.contentIdentifier,
    autoStackId: exif.burstIdentifier,
  };
}

function mergedXmp(packets: Uint8Array[]): XmpProperties {
  const merged = new Map<string, readonly string[]>();
  for (const packet of packets.slice(0, 4)) {
    for (const [name, values] of parseXmp(packet)) {
      if (!merged.has(name)) merged.set(name, values);
    }
  }
  return merged;
}

function mergedIptc(blocks: Uint8Array[]): Map<number, string> {
  return new Map(
    blocks
      .slice(0, 8)
      .reverse()
      .flatMap((block) => [...parseIptc(block)]),
  );
}

function cameraFields({ image, exif }: ExifValues, xmp: XmpProperties): Fields {
  const orientation = finiteNumber(image["Orientation"]);
  const isKnown = orientation !== null && [1, 2, 3, 4, 5, 6, 7, 8].includes(orientation);
  return {
    make: tidyText(image["Make"]) ?? tidyText(xmp.get("tiff:Make")?.[0]),
    model: tidyText(image["Model"]) ?? tidyText(xmp.get("tiff:Model")?.[0]),
    orientation: isKnown ? orientation : null,
    lensModel:
      tidyText(exif["LensModel"]) ?? tidyText(xmp.get("exifEX:LensModel")?.[0]) ?? tidyText(xmp.get("aux:Lens")?.[0]),
  };
}

function exposureFields({ exif }: ExifValues, xmp: XmpProperties): Fields {
  const positive = (name: string) =>
    positiveNumber(exif[name]) ?? positiveNumber(numberInText(xmp.get(`exif:${name}`)?.[0]));
  const iso =
    positiveNumber(firstOf(exif["ISO"])) ?? positiveNumber(numberInText(xmp.get("exif:ISOSpeedRatings")?.[0]));
  return {
    fNumber: positive("FNumber"),
    focalLength: positive("FocalLength"),
    exposureTime: positive("ExposureTime"),
    iso: iso === null ? null : Math.round(iso),
    exposureBias: finiteNumber(exif["ExposureCompensation"]) ?? numberInText(xmp.get("exif:ExposureBiasValue")?.[0]),
  };
}

/** The offset of the capture is OffsetTimeOriginal alone: OffsetTime says where the file was last written. */
function dateFields({ image, exif }: ExifValues, xmp: XmpProperties): Fields {
  const date = (text: unknown, subSeconds: unknown, offset: unknown): WallTime | null =>
    typeof text === "string" ? parseExifDate(text, tidyText(subSeconds), tidyText(offset)) : null;
  const xmpDate = (name: string) => parseIsoDate(xmp.get(name)?.[0] ?? "");
  return {
    modifiedDatetime: date(image["ModifyDate"], exif["SubSecTime"], exif["OffsetTime"]),
    originalDatetime:
      date(exif["DateTimeOriginal"], exif["SubSecTimeOriginal"], exif["OffsetTimeOriginal"]) ??
      xmpDate("exif:DateTimeOriginal"),
    digitizedDatetime:
      date(exif["CreateDate"], exif["SubSecTimeDigitized"], exif["OffsetTimeDigitized"]) ??
      xmpDate("exif:DateTimeDigitized"),
  };
}

function positionFields({ gps }: ExifValues, xmp: XmpProperties): Fields {
  const position = exifPosition(gps) ?? xmpPosition(xmp);
  return {
    latitude: position?.latitude ?? null,
    longitude: position?.longitude ?? null,
    altitude: exifAltitude(gps) ?? xmpAltitude(xmp),
  };
}

function captionFields({ image }: ExifValues, xmp: XmpProperties, iptc: Map<number, string>): Fields {
  const either = (dataset: number, name: string) => tidyText(iptc.get(dataset)) ?? tidyText(xmp.get(name)?.[0]);
  const code = either(iptcTags.countryCode, "Iptc4xmpCore:CountryCode")?.toUpperCase() ?? "";
  const rating = numberInText(xmp.get("xmp:Rating")?.[0]) ?? finiteNumber(image["Rating"]);
  return {
    description: tidyText(image["ImageDescription"]) ?? either(iptcTags.caption, "dc:description"),
    city: either(iptcTags.city, "photoshop:City"),
    state: either(iptcTags.state, "photoshop:State"),
    country: either(iptcTags.country, "photoshop:Country"),
    sublocation: either(iptcTags.sublocation, "Iptc4xmpCore:Location"),
    // IPTC's own codes have three letters; only those of two are what the field holds.
    countryCode: /^[A-Z]{2}$/.test(code) ? code : null,
    rating: rating !== null && rating >= -1 && rating <= 99 ? Math.round(rating) : null,
  };
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) || value instanceof Uint16Array || value instanceof Uint32Array ? value[0] : value;
}
