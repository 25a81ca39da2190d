/** The photo that the benchmarks upload: `makePhoto` writes it, and tests in workerd load it through Vite. */
export const PHOTO_PATH = ".tmp/bench/photo.jpg";
