import { boundedSource } from "../../inspect/bytes/boundedSource.ts";
import { asciiAt } from "../../inspect/bytes/bytes.ts";
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { readDirectory, readIntegers, readTiffHeader, TIFF_VERSION } from "../../inspect/tiff/tiffDirectory.ts";

/** NewSubfileType, PhotometricInterpretation and DNGVersion. */
const tags = { subfileType: 0xfe, photometric: 0x106, dngVersion: 0xc612 } as const;
const BIG_TIFF_VERSION = 43;
/** Photometric interpretations of sensor data: CFA and LinearRaw. */
const rawPhotometrics = [32_803, 34_892];
const BUDGET_BYTES = 256 * 1024;

/**
 * Detects a RAW file based on TIFF by its bytes: a custom version number in the header, Canon's "CR", DNG's version,
 * sensor data, or a reduced image in the first directory.
 */
export async function isRawTiff(file: ByteSource): Promise<boolean> {
  const source = boundedSource(file, BUDGET_BYTES);
  const header = await readTiffHeader(source);
  if (header === null) return false;
  const isPlainVersion = header.version === TIFF_VERSION || header.version === BIG_TIFF_VERSION;
  if (!isPlainVersion || asciiAt(await source.read(8, 2), 0, 2) === "CR") return true;
  const directory = await readDirectory(source, header.firstDirectory, header);
  if (directory === null) return false;
  const number = async (tag: number) =>
    (await readIntegers(source, directory.entries.get(tag), header.littleEndian, 1))[0] ?? 0;
  if (directory.entries.has(tags.dngVersion) || (await number(tags.subfileType)) % 2 === 1) return true;
  return rawPhotometrics.includes(await number(tags.photometric));
}
