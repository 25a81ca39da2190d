/** Derives the metadata fields of an image from its blocks, in order of precedence. */
import type { InspectionBudget } from "../bytes/inspectionBudget.ts";
import { type ImageContent, MAX_IPTC_BLOCKS, MAX_XMP_PACKETS } from "../containers/imageContent.ts";
import { type WallTime, parseExifDate } from "./wallTime.ts";
import { countryCode } from "./countryCodes.ts";
import { type ExifValues, readExif } from "../exif/exif.ts";
import { type TagValues, numberAt, orientationAt, textAt } from "../exif/tagValues.ts";
import { exifTags, imageTags } from "../exif/exifTags.ts";
import { lensName } from "../exif/lensName.ts";
import { type FileMetadata, emptyMetadata } from "./fileMetadata.ts";
import { exifAltitude, exifPosition, xmpAltitude, xmpPosition } from "../location/gps.ts";
import { profileDescription } from "./icc.ts";
import { apexAperture, apexExposureTime } from "../exif/apex.ts";
import { gpsInstantUs } from "../location/gpsClock.ts";
import { imageCaptureTime } from "./captureTime.ts";
import { iptcTags, parseIptc } from "./iptc.ts";
import { parseNumber, positiveNumber, positiveInteger, normalizeText } from "./normalize.ts";
import { type XmpProperties, parseXmp } from "./xmp.ts";

type Fields = Partial<FileMetadata>;

export interface ImageMetadata {
  metadata: FileMetadata;
  /** The original date, or another date of the capture. */
  captureTime: WallTime | null;
  /** GPS date and time: microseconds since 1970 UTC. */
  gpsTimeUs: number | null;
}

/** Reads all fields; EXIF takes precedence in most of them. */
export async function readImageMetadata(content: ImageContent): Promise<ImageMetadata> {
  const exif = await readExif(content.exif);
  const xmp = mergeXmp(content.xmp, content.budget);
  const iptc = mergeIptc(content.iptc, content.budget);
  const metadata: FileMetadata = {
    ...emptyMetadata(),
    ...cameraFields(exif, xmp),
    ...exposureFields(exif, xmp),
    ...dateFields(exif, xmp),
    ...positionFields(exif, xmp),
    ...captionFields(exif, xmp, iptc, content.caption),
    projectionType: normalizeText(xmp.get("GPano:ProjectionType")?.[0]),
    profileDescription: content.icc && profileDescription(content.icc),
    livePhotoCid: exif.note.contentIdentifier,
    autoStackId: exif.note.burstIdentifier ?? normalizeText(xmp.get("GCamera:BurstID")?.[0]),
  };
  addMissing(metadata, content.fields);
  return { metadata, captureTime: imageCaptureTime(metadata, iptc, xmp), gpsTimeUs: gpsInstantUs(exif.gps) };
}

function addMissing(metadata: FileMetadata, fields: Fields): void {
  const missing = Object.entries(metadata).filter(([, value]) => value === null);
  const names = new Set(missing.map(([name]) => name));
  Object.assign(metadata, Object.fromEntries(Object.entries(fields).filter(([name]) => names.has(name))));
}

function mergeXmp(packets: Uint8Array[], budget: InspectionBudget): XmpProperties {
  const merged = new Map<string, readonly string[]>();
  for (const packet of packets.slice(0, MAX_XMP_PACKETS)) {
    for (const [name, values] of parseXmp(packet, budget)) {
      if (!merged.has(name)) merged.set(name, values);
    }
  }
  return merged;
}

function mergeIptc(blocks: Uint8Array[], budget: InspectionBudget): Map<number, string> {
  return new Map(
    blocks
      .slice(0, MAX_IPTC_BLOCKS)
      .filter((block) => budget.spendOnParsing(block.length))
      .reverse()
      .flatMap((block) => [...parseIptc(block)]),
  );
}

function cameraFields({ image, exif, note }: ExifValues, xmp: XmpProperties): Fields {
  return {
    make: textAt(image, imageTags.make) ?? normalizeText(xmp.get("tiff:Make")?.[0]),
    model: textAt(image, imageTags.model) ?? normalizeText(xmp.get("tiff:Model")?.[0]),
    orientation: orientationAt(image),
    lensModel:
      textAt(exif, exifTags.lensModel) ??
      normalizeText(xmp.get("exifEX:LensModel")?.[0]) ??
      normalizeText(xmp.get("aux:Lens")?.[0]) ??
      note.lensModel ??
      lensName(exif.get(exifTags.lensSpecification)?.numbers),
  };
}

function exposureFields({ exif }: ExifValues, xmp: XmpProperties): Fields {
  const xmpNumber = (name: string) => parseNumber(xmp.get(name)?.[0]);
  const positive = (tag: number, name: string) =>
    positiveNumber(numberAt(exif, tag)) ?? positiveNumber(xmpNumber(name));
  return {
    fNumber:
      positive(exifTags.fNumber, "exif:FNumber") ??
      apexAperture(numberAt(exif, exifTags.apertureValue) ?? xmpNumber("exif:ApertureValue")),
    focalLength: positive(exifTags.focalLength, "exif:FocalLength"),
    exposureTime:
      positive(exifTags.exposureTime, "exif:ExposureTime") ??
      apexExposureTime(numberAt(exif, exifTags.shutterSpeedValue) ?? xmpNumber("exif:ShutterSpeedValue")),
    iso: exifIso(exif) ?? positiveInteger(xmpNumber("exif:ISOSpeedRatings")),
    exposureBias: numberAt(exif, exifTags.exposureBias) ?? xmpNumber("exif:ExposureBiasValue"),
  };
}

/** The tag has 16 bits: 65535 means that RecommendedExposureIndex has the value (EXIF 2.3). */
function exifIso(exif: TagValues): number | null {
  const iso = positiveInteger(numberAt(exif, exifTags.iso));
  const extended = iso === 65_535 ? positiveInteger(numberAt(exif, exifTags.recommendedExposureIndex)) : null;
  return extended ?? iso;
}

/** OffsetTime is the offset of ModifyDate only; the capture has OffsetTimeOriginal. */
function dateFields({ image, exif }: ExifValues, xmp: XmpProperties): Fields {
  const date = (text: string | null, subSeconds: number, offset: number): WallTime | null =>
    text === null ? null : parseExifDate(text, textAt(exif, subSeconds), textAt(exif, offset));
  const xmpDate = (name: string) => parseExifDate(xmp.get(name)?.[0] ?? "");
  return {
    modifiedDatetime: date(textAt(image, imageTags.modified), exifTags.subSeconds, exifTags.offset),
    originalDatetime:
      date(textAt(exif, exifTags.original), exifTags.subSecondsOriginal, exifTags.offsetOriginal) ??
      xmpDate("exif:DateTimeOriginal"),
    digitizedDatetime:
      date(textAt(exif, exifTags.digitized), exifTags.subSecondsDigitized, exifTags.offsetDigitized) ??
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

/** XMP's caption precedes IPTC's, which is limited to 2,000 bytes; IPTC's places precede XMP's. */
function captionFields(
  { image }: ExifValues,
  xmp: XmpProperties,
  iptc: Map<number, string>,
  caption: string | null,
): Fields {
  const iptcText = (dataset: number) => normalizeText(iptc.get(dataset));
  const xmpText = (name: string) => normalizeText(xmp.get(name)?.[0]);
  const rating = parseNumber(xmp.get("xmp:Rating")?.[0]) ?? numberAt(image, imageTags.rating);
  return {
    description:
      textAt(image, imageTags.description) ??
      xmpText("dc:description") ??
      iptcText(iptcTags.caption) ??
      normalizeText(caption),
    city: iptcText(iptcTags.city) ?? xmpText("photoshop:City"),
    state: iptcText(iptcTags.state) ?? xmpText("photoshop:State"),
    country: iptcText(iptcTags.country) ?? xmpText("photoshop:Country"),
    sublocation: iptcText(iptcTags.sublocation) ?? xmpText("Iptc4xmpCore:Location"),
    countryCode:
      countryCode(iptcText(iptcTags.countryCode) ?? "") ?? countryCode(xmpText("Iptc4xmpCore:CountryCode") ?? ""),
    rating: rating !== null && rating >= -1 && rating <= 99 ? Math.round(rating) : null,
  };
}
