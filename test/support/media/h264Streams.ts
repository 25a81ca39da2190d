/** Builds NAL units of H.264 parameter sets and slice headers; ITU-T H.264 §7.3. */

export interface BitWriter {
  /** Appends an unsigned integer of `count` bits. */
  u(count: number, value: number): BitWriter;
  ue(value: number): BitWriter;
  se(value: number): BitWriter;
  /** Returns a NAL unit with the header byte, the stop bit and emulation prevention. */
  unit(header: number): Uint8Array;
}

/** Inserts the bytes 3 that keep start codes out of a NAL unit. */
function preventEmulation(bytes: readonly number[]): Uint8Array {
  const escaped: number[] = [];
  let zeros = 0;
  for (const byte of bytes) {
    if (zeros >= 2 && byte <= 3) {
      escaped.push(3);
      zeros = 0;
    }
    escaped.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return new Uint8Array(escaped);
}

export function bitWriter(): BitWriter {
  let bits = "";
  const writer: BitWriter = {
    u: (count, value) => {
      bits += value.toString(2).padStart(count, "0");
      return writer;
    },
    ue: (value) => {
      const code = (value + 1).toString(2);
      bits += "0".repeat(code.length - 1) + code;
      return writer;
    },
    se: (value) => writer.ue(value > 0 ? 2 * value - 1 : -2 * value),
    unit: (header) => {
      const padded = `${bits}1`.padEnd(Math.ceil((bits.length + 1) / 8) * 8, "0");
      return preventEmulation([header, ...(padded.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))]);
    },
  };
  return writer;
}

/** Weights in scanning order; null for an absent list, an empty one for the default list. */
export type WrittenList = readonly number[] | null;

function writeList(bits: BitWriter, list: WrittenList): void {
  bits.u(1, list === null ? 0 : 1);
  if (list === null) return;
  // A next scale of 0 at the start stands for the default list.
  if (list.length === 0) bits.se(-8);
  let last = 8;
  for (const weight of list) {
    const delta = ((weight - last + 128 + 256) % 256) - 128;
    bits.se(delta);
    last = weight;
  }
}

export interface SequenceFields {
  profile: number;
  chroma: number;
  depth: number;
  isLossless: boolean;
  lists: readonly WrittenList[] | null;
  frameNumberBits: number;
  orderType: number;
  lsbBits: number;
  /** In macroblocks; the height of frames. */
  width: number;
  height: number;
  hasFramesOnly: boolean;
  isMbaff: boolean;
  /** Crop offsets in their units: left, right, top, bottom. */
  crop: readonly [number, number, number, number] | null;
}

const SEQUENCE: SequenceFields = {
  profile: 100,
  chroma: 1,
  depth: 8,
  isLossless: false,
  lists: null,
  frameNumberBits: 4,
  orderType: 2,
  lsbBits: 4,
  width: 2,
  height: 2,
  hasFramesOnly: true,
  isMbaff: false,
  crop: null,
};

/** Returns a sequence parameter set with id 0. */
export function sequenceUnit(changes: Partial<SequenceFields> = {}): Uint8Array {
  const fields = { ...SEQUENCE, ...changes };
  const bits = bitWriter().u(8, fields.profile).u(8, 0).u(8, 51).ue(0);
  if (fields.profile >= 100) {
    bits.ue(fields.chroma);
    if (fields.chroma === 3) bits.u(1, 0);
    bits.ue(fields.depth - 8).ue(fields.depth - 8);
    bits.u(1, fields.isLossless ? 1 : 0).u(1, fields.lists === null ? 0 : 1);
    for (const list of fields.lists ?? []) writeList(bits, list);
  }
  bits.ue(fields.frameNumberBits - 4).ue(fields.orderType);
  if (fields.orderType === 0) bits.ue(fields.lsbBits - 4);
  bits.ue(1).u(1, 0);
  const fieldsPerFrame = fields.hasFramesOnly ? 1 : 2;
  bits.ue(fields.width - 1).ue(fields.height / fieldsPerFrame - 1);
  bits.u(1, fields.hasFramesOnly ? 1 : 0);
  if (!fields.hasFramesOnly) bits.u(1, fields.isMbaff ? 1 : 0);
  bits.u(1, 1).u(1, fields.crop === null ? 0 : 1);
  for (const offset of fields.crop ?? []) bits.ue(offset);
  return bits.u(1, 0).unit(0x67);
}

export interface PictureFields {
  isCabac: boolean;
  sliceGroups: number;
  initialQp: number;
  cbOffset: number;
  crOffset: number;
  hasFilterControl: boolean;
  allowsTransform8: boolean;
  lists: readonly WrittenList[] | null;
}

const PICTURE: PictureFields = {
  isCabac: true,
  sliceGroups: 1,
  initialQp: 26,
  cbOffset: 0,
  crOffset: 0,
  hasFilterControl: true,
  allowsTransform8: true,
  lists: null,
};

/** Returns a picture parameter set with id 0. */
export function pictureUnit(changes: Partial<PictureFields> = {}): Uint8Array {
  const fields = { ...PICTURE, ...changes };
  const bits = bitWriter().ue(0).ue(0);
  bits.u(1, fields.isCabac ? 1 : 0).u(1, 0);
  bits.ue(fields.sliceGroups - 1);
  bits.ue(0).ue(0).u(3, 0);
  bits
    .se(fields.initialQp - 26)
    .se(0)
    .se(fields.cbOffset);
  bits.u(1, fields.hasFilterControl ? 1 : 0).u(2, 0);
  bits.u(1, fields.allowsTransform8 ? 1 : 0).u(1, fields.lists === null ? 0 : 1);
  for (const list of fields.lists ?? []) writeList(bits, list);
  return bits.se(fields.crOffset).unit(0x68);
}

/** Returns the units as a byte stream. */
export function annexBStream(units: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(units.flatMap((unit) => [0, 0, 0, 1, ...unit]));
}
