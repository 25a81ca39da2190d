/** Builds the headers of CRW, MRW, X3F, JPEG 2000 and WMV files. */
import { type Part, box, bytesOf, u16, u32 } from "./buildImage.ts";

const little = (value: number) => u32(value, true);

interface CiffValue {
  tag: number;
  value: Uint8Array;
}

/** A heap: its values, its directory and the offset of that. */
function ciffHeap(values: CiffValue[]): Uint8Array {
  const body = bytesOf(...values.map(({ value }) => value));
  let at = 0;
  const entries = values.map(({ tag, value }) => {
    const entry = bytesOf(u16(tag, true), little(value.length), little(at));
    at += value.length;
    return entry;
  });
  return bytesOf(body, u16(values.length, true), ...entries, little(body.length));
}

interface RawParts {
  /** Clockwise rotation that displays the image upright. */
  degrees?: number;
  preview?: Uint8Array;
}

/** A Canon of 3072 × 2048 pixels, taken on 2003-11-10T17:39:26. */
export function crw({ degrees = 0, preview = new Uint8Array(0) }: RawParts = {}): Uint8Array {
  const properties = ciffHeap([
    { tag: 0x180e, value: bytesOf(little(1_068_485_966), little(0), little(0)) },
    { tag: 0x1810, value: bytesOf(little(3072), little(2048), little(0x3f800000), little(degrees)) },
  ]);
  const camera = ciffHeap([{ tag: 0x080a, value: bytesOf("Canon\0Canon EOS DIGITAL REBEL\0") }]);
  const root = ciffHeap([
    {
      tag: 0x300a,
      value: bytesOf(
        ciffHeap([
          { tag: 0x2807, value: camera },
          { tag: 0x300b, value: properties },
        ]),
      ),
    },
    { tag: 0x2007, value: preview },
  ]);
  return bytesOf("II", little(26), "HEAPCCDR", new Uint8Array(12), root);
}

/** A Minolta of 3264 × 2448 pixels with an EXIF block. */
export function mrw(exif: Uint8Array, ...after: Part[]): Uint8Array {
  const block = (name: string, content: Uint8Array) => bytesOf("\0", name, u32(content.length), content);
  const blocks = bytesOf(
    block("PRD", bytesOf("27820001", u16(2460), u16(3272), u16(2448), u16(3264), new Uint8Array(8))),
    block("TTW", exif),
  );
  return bytesOf("\0MRM", u32(blocks.length), blocks, ...after);
}

/** A Sigma of 2268 × 1512 pixels with a preview and properties. */
export function x3f({
  degrees = 0,
  preview = new Uint8Array(0),
  properties = [],
}: RawParts & { properties?: [string, string][] } = {}): Uint8Array {
  const header = bytesOf(
    "FOVb",
    u16(1, true),
    u16(2, true),
    new Uint8Array(20),
    little(2268),
    little(1512),
    little(degrees),
    new Uint8Array(40),
  );
  const image = bytesOf("SECi", little(0x20000), little(2), little(18), little(8), little(8), little(0), preview);
  const utf16 = (text: string) => bytesOf(...[...text].map((letter) => u16(letter.charCodeAt(0), true)));
  let at = 0;
  const texts = properties.flat().map((text) => `${text}\0`);
  const offsets = texts.map((text) => {
    const offset = at;
    at += text.length;
    return little(offset);
  });
  const values = bytesOf(...offsets, ...texts.map(utf16));
  const section = bytesOf("SECp", little(0x20000), little(properties.length), little(0), little(0), little(at), values);
  const entries: [string, Uint8Array][] = [
    ["IMA2", image],
    ["PROP", section],
  ];
  let sectionAt = header.length;
  const directory = entries.map(([type, content]) => {
    const entry = bytesOf(little(sectionAt), little(content.length), type);
    sectionAt += content.length;
    return entry;
  });
  return bytesOf(header, image, section, "SECd", little(0x20000), little(2), ...directory, little(sectionAt));
}

const jp2Uuids = {
  exif: "JpgTiffExif->JP2",
  xmp: "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac",
} as const;

/** 640 × 480 pixels. */
export function jp2(exif: Uint8Array, xmp: Uint8Array): Uint8Array {
  return bytesOf(
    box("jP  ", "\r\n\x87\n"),
    box("ftyp", "jp2 ", u32(0), "jp2 "),
    box("jp2h", box("ihdr", u32(480), u32(640), u16(3), [7, 7, 0, 0])),
    box("uuid", jp2Uuids.exif, exif),
    box("uuid", jp2Uuids.xmp, xmp),
    box("jp2c", [0xff, 0x4f]),
  );
}

/** 320 × 240 pixels, 15 frames per second, two seconds, created on 2004-10-28T17:23:34Z. */
export function wmv(): Uint8Array {
  const long = (value: number) => bytesOf(little(value % 2 ** 32), little(Math.floor(value / 2 ** 32)));
  const object = (guid: number[], ...content: Part[]) => {
    const body = bytesOf(...content);
    return bytesOf(guid, long(24 + body.length), body);
  };
  const created = (Date.parse("2004-10-28T17:23:34Z") / 1000 + 11_644_473_600) * 10_000_000;
  const file = object(
    [0xa1, 0xdc, 0xab, 0x8c, 0x47, 0xa9, 0xcf, 0x11, 0x8e, 0xe4, 0, 0xc0, 0x0c, 0x20, 0x53, 0x65],
    new Uint8Array(24),
    long(created),
    long(0),
    long(50_000_000),
    long(50_000_000),
    long(3000),
    new Uint8Array(16),
  );
  const stream = object(
    [0x91, 0x07, 0xdc, 0xb7, 0xb7, 0xa9, 0xcf, 0x11, 0x8e, 0xe6, 0, 0xc0, 0x0c, 0x20, 0x53, 0x65],
    [0xc0, 0xef, 0x19, 0xbc, 0x4d, 0x5b, 0xcf, 0x11, 0xa8, 0xfd, 0, 0x80, 0x5f, 0x5c, 0x44, 0x2b],
    new Uint8Array(32),
    u16(1, true),
    little(0),
    little(320),
    little(240),
  );
  const text = bytesOf(...[..."A caption"].map((letter) => u16(letter.charCodeAt(0), true)), u16(0));
  const description = object(
    [0x33, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, 0xa6, 0xd9, 0, 0xaa, 0, 0x62, 0xce, 0x6c],
    [2, 0, 0, 0, 0, 0],
    u16(text.length, true),
    [0, 0, 0x41, 0],
    text,
  );
  const extended = object(
    [0xcb, 0xa5, 0xe6, 0x14, 0x72, 0xc6, 0x32, 0x43, 0x83, 0x99, 0xa9, 0x69, 0x52, 0x06, 0x5b, 0x5a],
    new Uint8Array(48),
    u16(1, true),
    u16(0),
    long(666_667),
  );
  const extension = object(
    [0xb5, 0x03, 0xbf, 0x5f, 0x2e, 0xa9, 0xcf, 0x11, 0x8e, 0xe3, 0, 0xc0, 0x0c, 0x20, 0x53, 0x65],
    new Uint8Array(18),
    little(extended.length),
    extended,
  );
  return object(
    [0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, 0xa6, 0xd9, 0, 0xaa, 0, 0x62, 0xce, 0x6c],
    little(4),
    [1, 2],
    file,
    stream,
    description,
    extension,
  );
}
