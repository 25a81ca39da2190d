/**
 * `npm run build:wasm`: compiles the AssemblyScript kernels of wasm/ to the .wasm files under src/. With --check,
 * compiles them again and fails if a committed file differs. To add a kernel: its source in wasm/, a line below.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { main } from "assemblyscript/asc";

interface Kernel {
  source: string;
  /** Imported with `import wasm from "./name.wasm"`; wrangler and Vitest give a WebAssembly.Module. */
  output: string;
  /** The engine refuses growth beyond this many pages of 64 KiB. */
  maximumPages: number;
}

const kernels: Kernel[] = [
  { source: "wasm/resize.ts", output: "src/media/transcode/resize/resize.wasm", maximumPages: 64 },
  // MAX_DECODER_BYTES: the coefficients of progressive files.
  { source: "wasm/jpeg/jpeg.ts", output: "src/media/transcode/scaled/jpeg/jpeg.wasm", maximumPages: 768 },
  // MAX_H264_MEMORY_BYTES: the picture and one slice.
  { source: "wasm/h264/h264.ts", output: "src/media/transcode/h264/h264.wasm", maximumPages: 1024 },
  // MAX_MPEG_MEMORY_BYTES: the picture, what blocks are predicted from, and the data.
  { source: "wasm/mpeg/mpeg.ts", output: "src/media/transcode/mpeg/mpeg.wasm", maximumPages: 512 },
  // MAX_PRORES_MEMORY_BYTES: the picture with two bytes a sample, and a slice.
  { source: "wasm/prores/prores.ts", output: "src/media/transcode/prores/prores.wasm", maximumPages: 768 },
  { source: "wasm/png.ts", output: "src/media/transcode/scaled/png/png.wasm", maximumPages: 64 },
  // MAX_FACE_MEMORY_BYTES: weights, a picture and the values between layers.
  { source: "wasm/network/network.ts", output: "src/providers/faces/network/network.wasm", maximumPages: 704 },
];

/** The stub runtime has no garbage collector: kernels use raw memory only. */
const OPTIONS = ["-O3", "--converge", "--noAssert", "--runtime", "stub", "--enable", "simd"];

async function compile({ source, maximumPages }: Kernel): Promise<Uint8Array> {
  let binary: Uint8Array | null = null;
  const messages: string[] = [];
  const limits = ["--maximumMemory", String(maximumPages)];
  const { error } = await main([source, "--outFile", "kernel.wasm", ...limits, ...OPTIONS], {
    stderr: { write: (chunk) => messages.push(String(chunk)) },
    writeFile: (_name, contents) => {
      if (typeof contents !== "string") binary = contents;
    },
  });
  if (error !== null || binary === null) throw new Error(`${source}: ${messages.join("")}`);
  return binary;
}

function isCurrent(path: string, binary: Uint8Array): boolean {
  return existsSync(path) && readFileSync(path).equals(binary);
}

const isCheck = process.argv.includes("--check");
for (const kernel of kernels) {
  const binary = await compile(kernel);
  const isSame = isCurrent(kernel.output, binary);
  if (isCheck && !isSame) {
    console.error(`${kernel.output} differs from ${kernel.source}: run \`npm run build:wasm\``);
    process.exitCode = 1;
  } else if (!isCheck) writeFileSync(kernel.output, binary);
  console.log(`${kernel.output}: ${binary.length} bytes${isSame ? ", unchanged" : ""}`);
}
