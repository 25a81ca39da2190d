/**
 * Kernels of src/providers/faces/network/: layers of convolutional networks on 32-bit floats. Activations are height ×
 * width × channels, with channels padded to a multiple of four. The caller lays out the memory from `heapStart()` on;
 * every address is a multiple of 16.
 */
export { multiplyRows, gatherPatches } from "./convolution";
export { depthwise } from "./depthwise";
export { addPixels, maxPool, doubleSize } from "./layers";
export { halve, samplePixels } from "./pixels";

/** First free address, aligned to 16 bytes. */
export function heapStart(): i32 {
  return <i32>((__heap_base + 15) & ~15);
}

/** Converts 16-bit floats to 32-bit ones. Subnormal values are exact; infinities do not occur in weights. */
export function expandHalves(source: usize, target: usize, count: i32): void {
  for (let i: i32 = 0; i < count; i++) {
    const half: u32 = load<u16>(source + ((<usize>i) << 1));
    // The exponent is moved by a product, which handles subnormal values too.
    const magnitude = reinterpret<f32>((half & 0x7fff) << 13) * reinterpret<f32>(0x77800000);
    store<u32>(target + ((<usize>i) << 2), reinterpret<u32>(magnitude) | ((half & 0x8000) << 16));
  }
}
