/** Small files that would cost much CPU time or memory to read: repeated, compressed, overlapping or unfinished metadata. */
import { brotliCompressSync, deflateSync } from "node:zlib";
import { type Part, ascii, box, bytesOf, chunk, jpeg, segment, tiff, u16, u32, xmpPacket } from "./buildImage.ts";
import { crw, jp2, x3f } from "./buildRaw.ts";
import { avi, element, internationalText, matroska, movie, riffList } from "./buildVideo.ts";

export interface CostlyFile {
  /** With the extension of its format. */
  name: string;
  bytes: Uint8Array;
}

const MIB = 2 ** 20;

/** The same value `count` times. */
export function copies<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}

function repeat(count: number, part: Part): Uint8Array {
  return bytesOf(...copies(count, part));
}

function filled(length: number, pattern: string, start = ""): Uint8Array {
  return bytesOf((start + pattern.repeat(Math.ceil(length / pattern.length))).slice(0, length));
}

/** A packet of tags, the form that costs a parser the most per byte. It has no end. */
export function tagHeavyXmp(length: number, properties = ""): Uint8Array {
  const end = "</rdf:Description>";
  const [start = ""] = new TextDecoder().decode(xmpPacket(properties)).split(end);
  return filled(length, "<a>x</a>", start);
}

function pngChunk(type: string, ...content: Part[]): Uint8Array {
  const body = bytesOf(...content);
  return bytesOf(u32(body.length), type, body, u32(0));
}

export function png(...chunks: Uint8Array[]): Uint8Array {
  return bytesOf("\x89PNG\r\n\x1a\n", pngChunk("IHDR", u32(40), u32(30), [8, 2, 0, 0, 0]), ...chunks, pngChunk("IEND"));
}

export function pngProfile(name: string, text: Uint8Array): Uint8Array {
  return pngChunk("zTXt", `Raw profile type ${name}\0\0`, deflateSync(text));
}

export function eXIf(make: string): Uint8Array {
  return pngChunk("eXIf", tiff({ image: [ascii(0x10f, `${make}\0`)] }));
}

export function jxl(...boxes: Uint8Array[]): Uint8Array {
  const codestream = box("jxlc", [0xff, 0x0a, 0x41, 0x02, 0, 0, 0, 0]);
  return bytesOf(u32(12), "JXL \r\n\x87\n", box("ftyp", "jxl \0\0\0\0jxl "), codestream, ...boxes);
}

export interface HeifItemSpec {
  type: "Exif" | "xmp";
  isDeflated?: boolean;
  describesPrimary?: boolean;
  content: Uint8Array;
}

/** A HEIC of tables and metadata items; items with the same `content` object share its bytes. */
export function heic(items: HeifItemSpec[]): Uint8Array {
  const contents = [...new Set(items.map(({ content }) => content))];
  const full = (type: string, version: number, ...parts: Part[]) => box(type, u32(version << 24), ...parts);
  const entry = ({ type, isDeflated = false }: HeifItemSpec, i: number) => {
    const name = type === "Exif" ? "Exif\0" : `mime\0application/rdf+xml\0${isDeflated ? "deflate" : ""}\0`;
    return full("infe", 2, u16(i + 2), u16(0), name);
  };
  const describing = items.flatMap(({ describesPrimary = false }, i) =>
    describesPrimary ? [box("cdsc", u16(i + 2), u16(1), u16(1))] : [],
  );
  const size = full("ispe", 0, u32(4032), u32(3024));
  const meta = (contentAt: number) => {
    const offsets = new Map<Uint8Array, number>();
    let at = contentAt;
    for (const content of contents) {
      offsets.set(content, at);
      at += content.length;
    }
    const locations = items.map(({ content }, i) =>
      bytesOf(u16(i + 2), u16(0), u16(1), u32(offsets.get(content) ?? 0), u32(content.length)),
    );
    return full(
      "meta",
      0,
      full("hdlr", 0, "\0\0\0\0pict", new Uint8Array(13)),
      full("pitm", 0, u16(1)),
      full("iinf", 0, u16(items.length + 1), full("infe", 2, u16(1), u16(0), "hvc1\0"), ...items.map(entry)),
      box("iprp", box("ipco", size), full("ipma", 0, u32(1), u16(1), [1, 1])),
      full("iref", 0, ...describing),
      full("iloc", 0, [0x44, 0], u16(items.length), ...locations),
    );
  };
  const ftyp = box("ftyp", "heic\0\0\0\0mif1heic");
  const contentAt = ftyp.length + meta(0).length + 8;
  return bytesOf(ftyp, meta(contentAt), box("mdat", ...contents));
}

export const heifExif = (make: string, date: string): HeifItemSpec => ({
  type: "Exif",
  content: bytesOf(
    u32(6),
    "Exif\0\0",
    tiff({ image: [ascii(0x10f, `${make}\0`)], exif: [ascii(0x9003, `${date}\0`)] }),
  ),
});

/** A DNG of one directory, and JPEG starts with metadata segments that never end. */
function unfinishedPreviews(): Uint8Array {
  const start = bytesOf(
    [0xff, 0xd8],
    ...Array.from({ length: 190 }, () => segment(0xe1, "Exif\0\0", "MM\0*", u32(8), u16(0), new Uint8Array(480))),
  );
  const starts = repeat(64, start);
  return bytesOf(tiff({ image: [ascii(0x10f, "Olympus\0")] }), starts, new Uint8Array(6.3 * MIB - starts.length));
}

function tiffOfPages(): Uint8Array {
  const entries = 989;
  const page = (at: number) =>
    bytesOf(
      u16(entries + 1),
      ...Array.from({ length: entries }, (_, i) => bytesOf(u16(0x829a + i), u16(7), u32(32 * 1024), u32(8))),
      u16(0x8769),
      u16(4),
      u32(1),
      u32(at),
      u32(0),
    );
  return bytesOf("MM\0*", u32(40_000), new Uint8Array(39_992), page(40_000));
}

/** EXIF whose values share 60,000 bytes that are no UTF-8. */
function overlappingValues(): Uint8Array {
  const tags = [0x10e, 0x10f, 0x110, 0x132, 0x8769, ...Array.from({ length: 180 }, (_, i) => 0x8800 + i)];
  const entry = (tag: number) =>
    tag === 0x8769 ? bytesOf(u16(tag), u16(4), u32(1), u32(8)) : bytesOf(u16(tag), u16(2), u32(60_000), u32(4000));
  const entries = [...tags, ...Array.from({ length: 100 }, (_, i) => 0x9000 + i)].map(entry);
  const head = bytesOf("MM\0*", u32(8), u16(entries.length), ...entries, u32(0));
  return bytesOf(head, filled(64_500 - head.length, "a\xe9"));
}

const gifHead = bytesOf("GIF89a", [40, 0, 30, 0, 0, 0, 0]);
const markerHeavy = filled(250_000, "\xff\0");

/** Makes the files, each of its kind. */
export function costlyFiles(): CostlyFile[] {
  const zeros = new Uint8Array(MIB);
  const xmp = tagHeavyXmp(MIB);
  const photoshop = filled(MIB, "8BIM\x04\x04\0\0\0\0\0\0");
  const brob = (type: string, content: Uint8Array) => box("brob", type, brotliCompressSync(content));
  const tooLong = deflateSync(new Uint8Array(16 * MIB + 7));
  const stored = bytesOf(filled(60_000, "<a>x</a>"));
  const previewOfSegments = bytesOf(
    [0xff, 0xd8],
    repeat(390, segment(0xe1, "http://ns.adobe.com/xap/1.0/\0", tagHeavyXmp(5000))),
  );
  const file = (name: string, ...parts: Part[]): CostlyFile => ({ name, bytes: bytesOf(...parts) });
  return [
    file("empty-boxes.jxl", jxl(repeat(250, brob("xml ", zeros)))),
    file("tags.jxl", jxl(repeat(250, brob("xml ", xmp)))),
    file("exif.jxl", jxl(repeat(250, brob("Exif", zeros)))),
    file("too-long-items.heic", heic(copies<HeifItemSpec>(4000, { type: "xmp", isDeflated: true, content: tooLong }))),
    file("damaged-items.heic", heic(copies<HeifItemSpec>(4000, { type: "xmp", isDeflated: true, content: stored }))),
    file("tags.heic", heic(copies<HeifItemSpec>(4000, { type: "xmp", content: stored }))),
    file("profiles.png", png(repeat(150, pngProfile("exif", bytesOf("\nexif\n 9\n", filled(MIB - 20, "00")))))),
    file("unknown-profiles.png", png(repeat(150, pngProfile("x", bytesOf("\nx\n 9\n", filled(MIB - 20, "0 ")))))),
    file("too-long-profiles.png", png(repeat(150, pngProfile("xmp", new Uint8Array(4 * MIB))))),
    file("colour-profiles.png", png(repeat(150, pngChunk("iCCP", "x\0\0", deflateSync(zeros))))),
    file("tags.png", png(repeat(12, pngChunk("iTXt", "XML:com.adobe.xmp\0\x01\0\0\0", deflateSync(xmp))))),
    file(
      "resources.png",
      png(repeat(12, pngProfile("8bim", bytesOf("\n8bim\n 9\n", filled(MIB - 20, "3842494d0404000000000000"))))),
    ),
    file("starts.dng", unfinishedPreviews()),
    file("tags.jp2", jp2(new Uint8Array(8), tagHeavyXmp(300_000)), repeat(200, box("xml ", tagHeavyXmp(20_000)))),
    file(
      "properties.x3f",
      x3f({ preview: previewOfSegments, properties: copies(250, ["a".repeat(60), "b".repeat(60)]) }),
    ),
    file("preview.crw", crw({ preview: previewOfSegments })),
    file("values.tif", tiffOfPages()),
    file(
      "resources.jpg",
      bytesOf(
        [0xff, 0xd8],
        ...Array.from({ length: 30 }, (_, i) => segment(0xed, "Photoshop 3.0\0", photoshop.subarray(0, 60_000), [i])),
        jpeg(8, 8).subarray(2),
      ),
    ),
    file("values.jpg", [0xff, 0xd8], repeat(4, segment(0xe1, "Exif\0\0", overlappingValues())), jpeg(8, 8).subarray(2)),
    file("junk.jpg", [0xff, 0xd8], repeat(8, bytesOf(segment(0xe1, "x"), markerHeavy))),
    file(
      "profile-parts.jpg",
      [0xff, 0xd8],
      repeat(390, segment(0xe2, "ICC_PROFILE\0\0\0", new Uint8Array(5000))),
      jpeg(8, 8).subarray(2),
    ),
    file(
      "tags.jpg",
      [0xff, 0xd8],
      repeat(30, segment(0xe1, "http://ns.adobe.com/xap/1.0/\0", tagHeavyXmp(60_000))),
      jpeg(8, 8).subarray(2),
    ),
    file("comment.gif", gifHead, [0x21, 0xfe], filled(1_000_000, "\x01a"), [0, 0x3b]),
    file(
      "packets.gif",
      gifHead,
      repeat(300, bytesOf([0x21, 0xff, 11], "XMP DataXMP", filled(512, "\xff" + "\0".repeat(255)), [0])),
    ),
    file(
      "tags.webp",
      chunk(
        "RIFF",
        "WEBP",
        chunk("VP8X", [4, 0, 0, 0], [39, 0, 0, 29, 0, 0]),
        repeat(90, chunk("XMP ", tagHeavyXmp(40_000))),
      ),
    ),
    file("vendor.mov", movie({ movie: [box("udta", repeat(250, box("QVMI", new Uint8Array(16_000))))] })),
    file(
      "texts.mov",
      movie({
        movie: [
          box(
            "udta",
            ...Array.from({ length: 250 }, (_, i) =>
              internationalText(`\xa9${String(i).padStart(3, "0")}`, filled(4000, "a")),
            ),
          ),
        ],
      }),
    ),
    file("letters.mp4", movie({ runs: [], movie: [box("mvex")] }), u32(4), filled(3 * MIB, "m")),
    file(
      "boxes.mp4",
      movie({
        runs: [],
        movie: [box("mvex")],
        afterMovie: Array.from({ length: 200 }, () =>
          box("moof", repeat(200, box("traf", box("tfhd", u32(0), u32(9), new Uint8Array(24))))),
        ),
      }),
    ),
    file(
      "tags.mkv",
      matroska(
        element(
          0x1254c367,
          repeat(120, element(0x7373, repeat(100, element(0x67c8, element(0x45a3, "TITLE"), element(0x4487, "x"))))),
        ),
      ),
    ),
    file("ones.mpg", [0, 0, 1, 0xb3], filled(3 * MIB, "\x01")),
    file("starts.mpg", [0, 0, 1, 0xb3], filled(3 * MIB, "\0\0\x01\xb3")),
    file("packets.mpg", [0, 0, 1, 0xba], filled(3 * MIB, "\0\0\x01\xe0\0\0\x80\x80\x05\x21\0\x01\0\x01")),
    file("packets.mts", filled(3 * MIB, bytesToText(bytesOf([0x47, 0x40, 0, 0x10], new Uint8Array(184))))),
    file(
      "lists.avi",
      avi({
        top: Array.from({ length: 120 }, () => riffList("INFO", repeat(100, chunk("ICRD", filled(200, "Mon "))))),
      }),
    ),
  ];
}

function bytesToText(bytes: Uint8Array): string {
  return [...bytes].map((byte) => String.fromCharCode(byte)).join("");
}
