/** Arithmetic decoding of binary decisions; ITU-T H.264 §9.3.1 and §9.3.3.2. */
import { INITIAL_M_N, LPS_RANGES, LPS_TRANSITIONS, USED_CONTEXTS } from "./tables";
import { bits } from "../bits";

@unmanaged
class Engine {
  /** codIOffset, shifted left by `ahead`: the bits that were loaded and aren't consumed. */
  offset: u64;
  /** codIRange, 256 to 510. */
  range: u32;
  ahead: i32;
  position: usize;
}

const engine = changetype<Engine>(memory.data(offsetof<Engine>(), 16));

/** States of the contexts: pStateIdx × 2 + valMPS. */
export const contexts: usize = memory.data(1024, 16);
const nextOfMps: usize = memory.data(128);
const nextOfLps: usize = memory.data(128);

/** Tables of the states after a decision; H.264 Table 9-45. */
export function buildTransitions(): void {
  for (let state: u32 = 0; state < 64; state++) {
    const lps: u32 = load<u8>(LPS_TRANSITIONS + state);
    const mps: u32 = state < 62 ? state + 1 : state;
    for (let value: u32 = 0; value < 2; value++) {
      store<u8>(nextOfMps + 2 * state + value, <u8>(2 * mps + value));
      store<u8>(nextOfLps + 2 * state + value, <u8>(2 * lps + (state === 0 ? 1 - value : value)));
    }
  }
}

/** Initializes the contexts of I slices; H.264 §9.3.1.1. */
export function initializeContexts(qp: i32): void {
  let from = INITIAL_M_N;
  for (let part: usize = 0; part < 3; part++) {
    const first: i32 = load<u16>(USED_CONTEXTS + (part << 2));
    const end: i32 = load<u16>(USED_CONTEXTS + (part << 2), 2);
    for (let context = first; context < end; context++, from += 2) {
      const m: i32 = load<i8>(from);
      const n: i32 = load<i8>(from, 1);
      const state = min(126, max(1, ((m * qp) >> 4) + n));
      store<u8>(contexts + context, <u8>(state <= 63 ? 2 * (63 - state) : 2 * (state - 64) + 1));
    }
  }
}

/** Loads 32 bits; zeros follow the end. */
function refill(): void {
  const word: u64 = engine.position < bits.end ? bswap<u32>(load<u32>(engine.position)) : 0;
  engine.position += 4;
  engine.offset = (engine.offset << 32) | word;
  engine.ahead += 32;
}

/** Starts at the next whole byte; H.264 §9.3.1.2. */
export function startEngine(): void {
  engine.position = bits.start + <usize>((bits.position + 7) >> 3);
  engine.offset = 0;
  engine.range = 510;
  engine.ahead = -9;
  refill();
}

/** Number of bits that were consumed, from the start of the slice. */
function consumedBits(): i32 {
  return <i32>((engine.position - bits.start) << 3) - engine.ahead;
}

/** Whether more bits were consumed than there are. */
export function isPastEnd(): bool {
  return consumedBits() > <i32>((bits.end - bits.start) << 3);
}

/** Decodes a decision; H.264 §9.3.3.2.1. */
export function decodeBin(context: usize): u32 {
  const at = contexts + context;
  const state: u32 = load<u8>(at);
  let range = engine.range;
  const lps: u32 = load<u8>(LPS_RANGES + ((state >> 1) << 2) + ((range >> 6) & 3));
  range -= lps;
  const scaled = (<u64>range) << engine.ahead;
  if (engine.offset < scaled) {
    store<u8>(at, load<u8>(nextOfMps + state));
    if (range < 256) {
      range <<= 1;
      if (--engine.ahead < 0) refill();
    }
    engine.range = range;
    return state & 1;
  }
  const shift: i32 = <i32>clz<u32>(lps) - 23;
  engine.offset -= scaled;
  engine.range = lps << shift;
  engine.ahead -= shift;
  if (engine.ahead < 0) refill();
  store<u8>(at, load<u8>(nextOfLps + state));
  return (state & 1) ^ 1;
}

/** Decodes a decision of equal probability; H.264 §9.3.3.2.3. */
export function decodeBypass(): u32 {
  if (--engine.ahead < 0) refill();
  const scaled = (<u64>engine.range) << engine.ahead;
  if (engine.offset < scaled) return 0;
  engine.offset -= scaled;
  return 1;
}

/** Decodes the end of a slice, or of the data before PCM samples; H.264 §9.3.3.2.4. */
export function decodeTerminate(): bool {
  engine.range -= 2;
  if (engine.offset >= (<u64>engine.range) << engine.ahead) {
    return true;
  }
  if (engine.range < 256) {
    engine.range <<= 1;
    if (--engine.ahead < 0) refill();
  }
  return false;
}

/** Moves the bit reader to the byte behind the decoded data. */
export function alignBits(): void {
  bits.position = (consumedBits() + 7) & ~7;
}
