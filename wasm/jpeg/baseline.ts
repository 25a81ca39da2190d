/** Decodes a block of a sequential scan; T.81 §F.2.2. */
import { Component } from "./component";
import { codeEntry, coefficientAt, END_OF_BLOCK_RUN, readSymbol } from "./huffman";
import { input, readNumber, refill } from "./input";

/** Decodes the difference to the DC coefficient of the previous block. */
export function readDc(component: Component): i32 {
  component.dc += readNumber(readSymbol(component.dcTable) & 15);
  return component.dc;
}

/**
 * Decodes a block to its kept coefficients at `block`, which is zero, and the bytes up to index 64, which take the rest.
 * Returns the zigzag index of the last coefficient that isn't zero.
 */
export function readBlock(component: Component, block: usize): i32 {
  store<i16>(block, <i16>readDc(component));
  const table = component.acTable;
  const places = component.places;
  let bits = input.bits;
  let count = input.count;
  let last: i32 = 0;
  for (let index: i32 = 1; index < 64; index++) {
    if (count < 32) {
      input.bits = bits;
      input.count = count;
      refill();
      bits = input.bits;
      count = input.count;
    }
    let entry = coefficientAt(table, bits);
    let value = entry >> 16;
    if (entry === 0) {
      const code = codeEntry(table, bits);
      const size = (code >> 8) & 15;
      const run = (code >> 12) & 15;
      // A code of at most 16 bits and a number of at most 15.
      const length = code & 255;
      if (size > 0) {
        value = <i32>((bits << length) >> (64 - size));
        if (value < 1 << (size - 1)) value -= (1 << size) - 1;
      }
      entry = ((size === 0 && run < 15 ? END_OF_BLOCK_RUN : size === 0 ? 16 : run) << 8) | (length + size);
    }
    const length = entry & 255;
    bits <<= length;
    count -= length;
    index += (entry >> 8) & 255;
    if (index > 63) break;
    if (value === 0) {
      // Sixteen zeros: the loop counts one of them.
      index--;
      continue;
    }
    store<i16>(block + ((<usize>load<u8>(places + index)) << 1), <i16>value);
    last = index;
  }
  input.bits = bits;
  input.count = count;
  return last;
}
