import type { MediaFamily } from "../../inspect/formats.ts";

/** RAW families that are not based on TIFF. */
const names: Partial<Record<MediaFamily, string>> = {
  raf: "Fujifilm RAF",
  cr3: "Canon CR3",
  ciff: "Canon CRW",
  mrw: "Minolta MRW",
  x3f: "Sigma X3F",
};

/** Names a RAW format for the reason of a task: by its bytes, or by the MIME type if it is based on TIFF. */
export function rawFormatName(family: MediaFamily, mimeType: string): string {
  const [, maker = "", format = ""] = /^image\/x-([a-z]+)-(\w+)$/.exec(mimeType) ?? [];
  const typeName = `${maker.charAt(0).toUpperCase()}${maker.slice(1)} ${format.toUpperCase()}`;
  return names[family] ?? (format === "" ? "RAW" : typeName);
}
