/** The table of results of picture tasks. */
import { PICTURE_WAYS, type PictureWay } from "../../src/operations/tasks/pictureWays.ts";
import { markdownTable } from "../generatedPage.ts";

const POSTER = "`video_thumbnail_extract`";
const PROXY = "`display_proxy_generation`";
const RENDITIONS = "`thumbhash`";

/** What a reader learns of each way. */
const meanings: Record<PictureWay, [task: string, meaning: string]> = {
  stillPhoto: [POSTER, "the poster shows the photo of the [live photo](renditions.md#live-photos)"],
  coverArt: [`${POSTER}, ${PROXY}`, "the image that the film contains as its cover"],
  image: [POSTER, "a JPEG, PNG or WebP whose name says video"],
  mediaTransformations: [`${POSTER}, ${PROXY}`, "a frame from Cloudflare's Media Transformations"],
  keyFrame: [`${POSTER}, ${PROXY}`, "a key frame that the Worker decoded"],
  clientPoster: [POSTER, "a client sent the poster, which no task replaces"],
  unchangedPoster: [POSTER, "the poster is the one that the task would make"],
  newerPoster: [POSTER, "another poster was set while the task ran"],
  earlierPoster: [POSTER, "the poster of an earlier release stays, because no frame could be decoded"],
  embeddedJpeg: [PROXY, "the camera's JPEG in a RAW file"],
  decoded: [PROXY, "the Worker decoded the file; damage follows, if any"],
  reduced: [PROXY, "the same, scaled down while decoding, because the whole exceeds the memory"],
  requantized: [PROXY, "the JPEG was compressed to the size that the renderer accepts"],
  converted: [PROXY, "Cloudflare Images converted the file"],
  unchangedProxy: [PROXY, "an earlier run stored the display proxy"],
  worker: [RENDITIONS, "the Worker decoded the image that the renditions are made from"],
  substitute: [RENDITIONS, "the same, of a damaged file as far as it goes, or of a later frame of an animation"],
  cloudflareImages: [RENDITIONS, "Cloudflare Images rendered the preview that the others are made from"],
  unchangedRenditions: [RENDITIONS, "an earlier run or a request stored the renditions"],
};

export function resultSection(): string {
  const texts = new Map<string, string>(Object.entries(PICTURE_WAYS));
  const rows = Object.entries(meanings).map(([way, columns]) => [`\`${texts.get(way) ?? way}\``, ...columns]);
  const intro = "The `result` of a task names the way that it took. Words in braces stand for a value.";
  return `## Results\n\n${intro}\n\n${markdownTable(["result", "task", "meaning"], rows)}`;
}
