/** The metadata of a still picture from its blocks, and which block is believed where they differ. */
import type { StillContent } from "../containers/imageContent.ts";
import { type WallTime, parseExifDate } from "./wallTime.ts";
import { asSigned, numbersOf } from "../tiff/tiffValue.ts";
import { countryCode } from "./countryCodes.ts";
import { type ExifValues, type TagValues, numberAt, readExif, textAt } from "../exif/exif.ts";
import { exifTags, imageTags } from "../exif/exifTags.ts";
import { type FileMetadata, emptyMetadata } from "./fileMetadata.ts";
import { exifAltitude, exifPosition, xmpAltitude, xmpPosition } from "../exif/gps.ts";
import { profileDescription } from "./icc.ts";
import { offsetByGps } from "../exif/gpsClock.ts";
import { iptcTags, parseIptc } from "./iptc.ts";
import { finiteNumber, numberInText, positiveNumber, positiveWhole, tidyText } from "./normalize.ts";
import { type XmpProperties, parseXmp } from "./xmp.ts";

type Fields = Partial<FileMetadata>;

export interface StillMetadata {
  metadata: FileMetadata;
  /** The original date, with the offset that the satellites' clock tells where the tag has none. */
  captureTime: WallTime | null;
}

/** EXIF before the rest. */
export async function readStillMetadata(content: StillContent): Promise<StillMetadata> {
  const exif = await readExif(content.tiff);
  const xmp = mergedXmp(content.xmp);
  const iptc = mergedIptc(content.iptc);
  const metadata = {
    ...emptyMetadata(),
    ...cameraFields(exif, xmp),
    ...exposureFields(exif, xmp),
    ...dateFields(exif, xmp),
    ...positionFields(exif, xmp),
    ...captionFields(exif, xmp, iptc, content.caption),
    projectionType: tidyText(xmp.get("GPano:ProjectionType")?.[0]),
    profileDescription: content.icc && profileDescription(content.icc),
    livePhotoCid: exif.note.contentIdentifier,
    autoStackId: exif.note.burstIdentifier ?? tidyText(xmp.get("GCamera:BurstID")?.[0]),
  };
  return { metadata, captureTime: captureTime(metadata.originalDatetime, exif) };
}

/** A clock that was stopped, and one of another day, stand at odd minutes from the satellites': they keep no offset. */
function captureTime(original: WallTime | null, { gps }: ExifValues): WallTime | null {
  if (original === null || original.offsetMinutes !== null) return original;
  return { ...original, offsetMinutes: offsetByGps(original, gps) };
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

function cameraFields({ image, exif, note }: ExifValues, xmp: XmpProperties): Fields {
  const orientation = numberAt(image, imageTags.orientation);
  const isKnown = orientation !== null && [1, 2, 3, 4, 5, 6, 7, 8].includes(orientation);
  return {
    make: textAt(image, imageTags.make) ?? tidyText(xmp.get("tiff:Make")?.[0]),
    model: textAt(image, imageTags.model) ?? tidyText(xmp.get("tiff:Model")?.[0]),
    orientation: isKnown ? orientation : null,
    lensModel:
      textAt(exif, exifTags.lensModel) ??
      tidyText(xmp.get("exifEX:LensModel")?.[0]) ??
      tidyText(xmp.get("aux:Lens")?.[0]) ??
      note.lensModel,
  };
}

function exposureFields({ exif }: ExifValues, xmp: XmpProperties): Fields {
  const inXmp = (name: string) => numberInText(xmp.get(name)?.[0]);
  const positive = (tag: number, name: string) => positiveNumber(numberAt(exif, tag)) ?? positiveNumber(inXmp(name));
  const bias = exif.get(exifTags.exposureBias);
  return {
    fNumber: positive(exifTags.fNumber, "exif:FNumber"),
    focalLength: positive(exifTags.focalLength, "exif:FocalLength"),
    exposureTime: positive(exifTags.exposureTime, "exif:ExposureTime"),
    iso: exifIso(exif) ?? positiveWhole(inXmp("exif:ISOSpeedRatings")),
    exposureBias:
      (bias === undefined ? null : finiteNumber(numbersOf(asSigned(bias))[0])) ?? inXmp("exif:ExposureBiasValue"),
  };
}

/** The old tag holds 16 bits: 65535 says that the sensitivity is higher and stands in a newer one. */
function exifIso(exif: TagValues): number | null {
  const iso = positiveWhole(numberAt(exif, exifTags.iso));
  const higher = iso === 65_535 ? positiveWhole(numberAt(exif, exifTags.recommendedExposureIndex)) : null;
  return higher ?? iso;
}

/** The offset of the capture is OffsetTimeOriginal alone: OffsetTime says where the file was last written. */
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

/** XMP's caption before IPTC's, which is cut at 2,000 bytes; IPTC's places before XMP's. */
function captionFields(
  { image }: ExifValues,
  xmp: XmpProperties,
  iptc: Map<number, string>,
  caption: string | null,
): Fields {
  const inIptc = (dataset: number) => tidyText(iptc.get(dataset));
  const inXmp = (name: string) => tidyText(xmp.get(name)?.[0]);
  const rating = numberInText(xmp.get("xmp:Rating")?.[0]) ?? numberAt(image, imageTags.rating);
  return {
    description:
      textAt(image, imageTags.description) ?? inXmp("dc:description") ?? inIptc(iptcTags.caption) ?? tidyText(caption),
    city: inIptc(iptcTags.city) ?? inXmp("photoshop:City"),
    state: inIptc(iptcTags.state) ?? inXmp("photoshop:State"),
    country: inIptc(iptcTags.country) ?? inXmp("photoshop:Country"),
    sublocation: inIptc(iptcTags.sublocation) ?? inXmp("Iptc4xmpCore:Location"),
    countryCode:
      countryCode(inIptc(iptcTags.countryCode) ?? "") ?? countryCode(inXmp("Iptc4xmpCore:CountryCode") ?? ""),
    rating: rating !== null && rating >= -1 && rating <= 99 ? Math.round(rating) : null,
  };
}
