/** The picture of MPEG-4 part 2 or H.263 that is decoded. */

/** Set by the caller before `startVop`. */
@unmanaged
class Vop {
  isH263: i32;
  /** vop_quant or PQUANT. */
  scale: i32;
  /** Below this scale, DC has separate codes; §7.4.1.1. */
  dcThreshold: i32;
  /** quant_type: steps of `matrices`, otherwise those of H.263. */
  usesMatrix: i32;
  isInterlaced: i32;
  alternatesScan: i32;
  hasPackets: i32;
  /** Bits of macroblock_number and vop_time_increment. */
  addressBits: i32;
  timeBits: i32;
  /** Rows of macroblocks in a group of H.263. */
  groupRows: i32;
}

export const vop = changetype<Vop>(memory.data(offsetof<Vop>(), 16));

export function vopAt(): usize {
  return changetype<usize>(vop);
}

@unmanaged
class Current {
  /** Next macroblock. */
  address: i32;
  /** First macroblock of the video packet: nothing is predicted from earlier ones. */
  packetStart: i32;
  scale: i32;
  column: i32;
  row: i32;
  /** Records of blocks, see `recordAt`, and the scales of the macroblocks. */
  records: usize;
  scales: usize;
}

export const current = changetype<Current>(memory.data(offsetof<Current>(), 16));
