/** Limits of files, their metadata and their images, as part of table.ts. */
import * as config from "../../src/kernel/config.ts";
import * as inspectionBudget from "../../src/media/inspect/bytes/inspectionBudget.ts";
import * as imageContent from "../../src/media/inspect/containers/imageContent.ts";
import * as jpegLineCount from "../../src/media/inspect/containers/jpeg/jpegLineCount.ts";
import * as decodedTags from "../../src/media/inspect/exif/decodedTags.ts";
import * as mediaInfo from "../../src/media/inspect/mediaInfo.ts";
import * as normalize from "../../src/media/inspect/metadata/normalize.ts";
import * as xmp from "../../src/media/inspect/metadata/xmp.ts";
import * as lastFragments from "../../src/media/inspect/video/mp4/lastFragments.ts";
import * as decoderTurn from "../../src/operations/delivery/scaled/decoderTurn.ts";
import * as renderTurn from "../../src/operations/delivery/scaled/renderTurn.ts";
import * as decoderMemory from "../../src/media/transcode/decoderMemory.ts";
import * as displayImage from "../../src/media/transcode/display/displayImage.ts";
import * as jpegRequantizer from "../../src/media/transcode/jpeg/jpegRequantizer.ts";
import * as encodedJpeg from "../../src/media/transcode/jpeg/encodedJpeg.ts";
import * as jpegHead from "../../src/media/transcode/jpeg/jpegHead.ts";
import * as needsDisplayProxy from "../../src/media/transcode/preview/needsDisplayProxy.ts";
import * as tiffPreviews from "../../src/media/transcode/preview/tiffPreviews.ts";
import * as rowResizer from "../../src/media/transcode/resize/rowResizer.ts";
import * as jpegLayout from "../../src/media/transcode/scaled/jpeg/jpegLayout.ts";
import * as jpegDecoding from "../../src/media/transcode/scaled/jpeg/jpegDecoding.ts";
import * as scaledRows from "../../src/media/transcode/scaled/scaledRows.ts";
import * as preservedXmp from "../../src/media/transcode/rewrite/preservedXmp.ts";
import * as tiffLayout from "../../src/media/transcode/tiff/tiffLayout.ts";
import * as decodeWebp from "../../src/media/transcode/webp/decodeWebp.ts";
import * as visibleFrame from "../../src/media/transcode/animation/visibleFrame.ts";
import * as webpAnimation from "../../src/media/transcode/animation/webpAnimation.ts";
import * as encodeWebp from "../../src/media/transcode/webp/encodeWebp.ts";
import * as partBuffers from "../../src/objects/uploads/partBuffers.ts";
import * as uploadMemory from "../../src/objects/uploads/uploadMemory.ts";
import * as variants from "../../src/operations/delivery/variants.ts";
import * as proxyJpeg from "../../src/operations/delivery/scaled/proxyJpeg.ts";
import * as receivedFile from "../../src/operations/uploads/receivedFile.ts";
import * as versionFiles from "../../src/operations/versions/versionFiles.ts";
import * as videoFrame from "../../src/providers/renderers/videoFrame.ts";
import * as posterBody from "../../src/operations/delivery/posters/posterBody.ts";
import * as fieldSchemas from "../../src/routes/fieldSchemas.ts";
import { limit, type Section } from "./entry.ts";
import { stillLimits } from "./stillLimits.ts";

export const fileSections: Section[] = [
  {
    title: "Files",
    intro:
      "Cloudflare limits the request body to 100 MB on Free and Pro zones and 200 MB on Business (413 before the Worker runs).",
    limits: [
      limit(
        config,
        "DEFAULT_STORAGE_LIMIT_BYTES",
        "bytes",
        "storage of an account (`DEFAULT_USER_STORAGE_LIMIT_BYTES`)",
        "507",
      ),
      limit(receivedFile, "MAX_NAME_CHARACTERS", "characters", "file name of an upload", "422"),
      limit(receivedFile, "REGISTER_WITHIN_MS", "ms", "form fields after the file", "400"),
      limit(fieldSchemas, "FIRST_YEAR", "year", "first year of a capture time and of a file's dates", "422"),
      limit(fieldSchemas, "LAST_YEAR", "year", "last year of a capture time and of a file's dates", "422"),
      limit(versionFiles, "MAX_FILE_BYTES", "bytes", "file of a version, as sent and as stored", "422"),
      limit(posterBody, "MAX_POSTER_BYTES", "bytes", "poster of a video", "413"),
      limit(partBuffers, "PART_BYTES", "bytes", "part of a file in R2", "the next part begins"),
      limit(uploadMemory, "MAX_UPLOAD_BUFFER_BYTES", "bytes", "buffers of all uploads of one isolate", "bodies wait"),
      limit(
        uploadMemory,
        "MIN_UPLOAD_BUFFER_BYTES",
        "bytes",
        "the same, beside the largest image decoder",
        "bodies wait",
      ),
      limit(
        uploadMemory,
        "MAX_PART_HOLD_MS",
        "ms",
        "time to fill and send one buffer while other uploads wait",
        "503 with `Retry-After`",
      ),
    ],
  },
  {
    title: "Metadata of a file",
    intro: "Beyond these limits a file is stored all the same; a value is cut or left out.",
    limits: [
      limit(normalize, "MAX_TEXT_CHARACTERS", "characters", "one text", "cut"),
      limit(decodedTags, "MAX_VALUE_BYTES", "bytes", "one EXIF value", "left out"),
      limit(
        inspectionBudget,
        "INSPECTION_BUDGET_BYTES",
        "bytes",
        "work on one file: bytes read, copied, inflated and parsed, also in failed attempts",
        "what was read so far is kept",
      ),
      limit(
        inspectionBudget,
        "PARSING_RESERVE_BYTES",
        "bytes",
        "part of this work that is reserved for parsing",
        "what was read so far is kept",
      ),
      limit(mediaInfo, "MAX_INSPECTION_READ_BYTES", "bytes", "bytes read from storage", "what was read so far is kept"),
      limit(imageContent, "MAX_EXIF_BLOCKS", "items", "EXIF blocks of a file", "the first ones are read"),
      limit(imageContent, "MAX_XMP_PACKETS", "items", "XMP packets of a file", "the first ones are read"),
      limit(imageContent, "MAX_IPTC_BLOCKS", "items", "IPTC blocks of a file", "the first ones are read"),
      limit(imageContent, "MAX_BLOCK_BYTES", "bytes", "one EXIF, XMP, IPTC or ICC block", "left out"),
      limit(
        lastFragments,
        "MAX_TAIL_SEARCH_BYTES",
        "bytes",
        "end of a fragmented video that is searched for its last fragment",
        "no duration",
      ),
      limit(xmp, "MAX_PACKET_BYTES", "bytes", "one XMP packet", "left out"),
      limit(
        jpegLineCount,
        "MAX_LINE_COUNT_SEARCH_BYTES",
        "bytes",
        "search for the height of a JPEG of height 0",
        "only the end of the file is searched",
      ),
      limit(
        displayImage,
        "MAX_DISPLAY_READ_BYTES",
        "bytes",
        "bytes read to display a file",
        "shown without its orientation",
      ),
      limit(
        preservedXmp,
        "MAX_PRESERVED_BYTES",
        "bytes",
        "XMP that an edited version takes from the upload",
        "left out",
      ),
    ],
  },
  {
    title: "Images",
    limits: [
      limit(
        needsDisplayProxy,
        "MAX_RENDER_INPUT_BYTES",
        "bytes",
        "image that the renderer reads",
        "a display proxy is made",
      ),
      limit(
        jpegRequantizer,
        "MAX_REQUANTIZED_PIXELS",
        "pixels",
        "baseline JPEG over 20 MB that is compressed again",
        "no picture; the task has the reason",
      ),
      limit(
        encodedJpeg,
        "MAX_DECODED_PIXELS",
        "pixels",
        "image that the Worker decodes itself",
        "no picture; the task has the reason",
      ),
      limit(
        jpegDecoding,
        "MAX_JPEG_SCANS",
        "items",
        "scans of a JPEG that the Worker decodes itself",
        "Cloudflare Images decodes it",
      ),
      limit(
        jpegLayout,
        "MAX_JPEG_BANDS",
        "items",
        "times that a progressive JPEG over 20 MB is read, for a part of the image each",
        "the full size has fewer pixels",
      ),
      limit(
        visibleFrame,
        "MAX_EXAMINED_FRAMES",
        "items",
        "blank frames at the start of an animation that are skipped",
        "the first frame is shown",
      ),
      limit(
        visibleFrame,
        "MAX_EXAMINED_PIXELS",
        "pixels",
        "frames of an animation that are composed to find one that isn't blank",
        "the first frame is shown",
      ),
      limit(
        visibleFrame,
        "MAX_COMPOSED_PIXELS",
        "pixels",
        "animation whose blank frames are skipped",
        "the first frame is shown",
      ),
      limit(
        webpAnimation,
        "MAX_WEBP_FRAME_BYTES",
        "bytes",
        "frame of an animated WebP that the Worker decodes",
        "the first frame is shown",
      ),
      limit(
        scaledRows,
        "MAX_SCALED_ROWS_BYTES",
        "bytes",
        "memory of the small image that a decoder makes beside its JPEG",
        "Cloudflare Images makes it",
      ),
      ...stillLimits,
      limit(decoderTurn, "MAX_DECODER_HOLD_MS", "ms", "turn of a decoder, one at a time", "the next one starts"),
      limit(decoderTurn, "MAX_SHARED_MEMORY_BYTES", "bytes", "a decoder and all uploads of one isolate", "one waits"),
      limit(
        renderTurn,
        "MAX_RENDER_INPUT_BYTES_AT_ONCE",
        "bytes",
        "files that are sent to Cloudflare Images at once",
        "they take turns",
      ),
      limit(renderTurn, "MAX_RENDER_HOLD_MS", "ms", "turn of a file that is rendered", "the next one starts"),
      limit(decoderTurn, "MAX_UPLOAD_WAIT_MS", "ms", "wait of a decoder for the uploads' memory", "it starts"),
      limit(decoderMemory, "MAX_DECODER_BYTES", "bytes", "memory of a decoder", "no picture; the task has the reason"),
      limit(
        rowResizer,
        "MAX_RESIZE_EDGE_PX",
        "px",
        "longest side of an image that the Worker shrinks",
        "no picture; the task has the reason",
      ),
      limit(
        rowResizer,
        "MAX_RESIZE_MEMORY_BYTES",
        "bytes",
        "rows and weights of the resizer",
        "no picture; the task has the reason",
      ),
      limit(
        decodeWebp,
        "MAX_DECODED_WEBP_PIXELS",
        "pixels",
        "WebP that the Worker decodes itself",
        "rendered by Images",
      ),
      limit(decodeWebp, "MAX_WEBP_DECODER_BYTES", "bytes", "memory of the WebP decoder", "rendered by Images"),
      limit(
        encodeWebp,
        "MAX_ENCODED_WEBP_PIXELS",
        "pixels",
        "image that the Worker encodes as WebP",
        "rendered by Images",
      ),
      limit(encodeWebp, "MAX_WEBP_ENCODER_BYTES", "bytes", "memory of the WebP encoder", "rendered by Images"),
      limit(
        encodeWebp,
        "MAX_COMPRESSED_ALPHA_PIXELS",
        "pixels",
        "image whose transparency the WebP encoder compresses",
        "one byte a pixel",
      ),
      limit(
        tiffLayout,
        "MAX_TIFF_WORK_RATIO",
        "items",
        "decompressed bytes of a TIFF per byte of its pixels",
        "no picture; the task has the reason",
      ),
      limit(
        tiffPreviews,
        "MAX_SCANNED_BYTES",
        "bytes",
        "bytes searched for the preview of a RAW file",
        "no picture; the task has the reason",
      ),
      limit(
        jpegHead,
        "MAX_COLOUR_SEGMENT_BYTES",
        "bytes",
        "colour profile of a large JPEG",
        "left out of the display proxy",
      ),
      limit(proxyJpeg, "MAX_PROXY_BYTES", "bytes", "display proxy", "a lower JPEG quality"),
      limit(encodedJpeg, "MAX_JPEG_SIDE_PX", "px", "longest side of a JPEG", "no picture; the task has the reason"),
      limit(variants, "MAX_WEBP_EDGE_PX", "px", "longest side of a WebP", "JPEG"),
      limit(
        videoFrame,
        "MAX_VIDEO_BYTES",
        "bytes",
        "video from which a poster is extracted",
        "no poster; the task has the reason",
      ),
    ],
  },
];
