/** Reads the films of test/fixtures/films/ and the frames that ffmpeg decodes from them. */
import { decodeWebp } from "../../../src/media/transcode/webp/decodeWebp.ts";
import type { RgbaImage } from "../../../src/media/transcode/rgbaImage.ts";
import filmsJson from "../../fixtures/films/films.json";
import { sampleBytes } from "../../fixtures/media/samples.ts";

export type FilmEntry = (typeof filmsJson)[number];

export const filmSet: readonly FilmEntry[] = filmsJson;

export function filmName({ file }: Pick<FilmEntry, "file">): string {
  return file.slice(0, file.lastIndexOf("."));
}

export async function filmBytes({ file }: Pick<FilmEntry, "file">): Promise<Uint8Array> {
  return await sampleBytes(`test/fixtures/films/${file}`);
}

/** The frame that becomes the poster: upright, with square pixels, in sRGB. */
export async function expectedFrame(film: Pick<FilmEntry, "file">): Promise<RgbaImage> {
  return await decodeWebp(await sampleBytes(`test/fixtures/films/references/${filmName(film)}.webp`));
}

export type Colour = readonly [number, number, number];

/** Colours of the patches that are drawn in the corners, from the upper left one clockwise. */
export const PATCH_COLOURS: readonly Colour[] = [
  [0xd0, 0x20, 0x20],
  [0x20, 0xa0, 0x40],
  [0xe0, 0xc0, 0x20],
  [0x20, 0x40, 0xd0],
];

interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Mean colour of an area. */
export function meanColour(image: RgbaImage, { x, y, width, height }: Area): Colour {
  const sums: [number, number, number] = [0, 0, 0];
  for (let row = y; row < y + height; row++)
    for (let column = x; column < x + width; column++) {
      const at = (row * image.width + column) * 4;
      for (const channel of [0, 1, 2] as const) sums[channel] += image.rgba[at + channel] ?? 0;
    }
  const pixels = width * height;
  return [sums[0] / pixels, sums[1] / pixels, sums[2] / pixels];
}

/** Mean colours of the middle of the patches, from the upper left one clockwise. */
export function cornerColours(image: RgbaImage): Colour[] {
  const [width, height] = [Math.max(1, Math.floor(image.width / 16)), Math.max(1, Math.floor(image.height / 16))];
  const [right, bottom] = [image.width - 2 * width, image.height - 2 * height];
  const corners = [
    [width, height],
    [right, height],
    [right, bottom],
    [width, bottom],
  ] as const;
  return corners.map(([x, y]) => meanColour(image, { x, y, width, height }));
}

/** The largest difference of a channel. */
export function colourDistance(a: Colour, b: Colour): number {
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? 0))));
}
