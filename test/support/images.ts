/** An Images binding that fails as it is told to. */

export function brokenImages(error: Error): ImagesBinding {
  const failing = {
    transform: () => failing,
    draw: () => failing,
    output: () => Promise.reject(error),
  };
  return { input: () => failing, info: () => Promise.reject(error) } as unknown as ImagesBinding;
}
