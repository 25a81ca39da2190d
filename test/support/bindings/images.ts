/** Images bindings that fail, or that count renderings. */
import { env } from "cloudflare:workers";

export function failingImages(error: Error): ImagesBinding {
  const failing = {
    transform: () => failing,
    draw: () => failing,
    output: () => Promise.reject(error),
  };
  return { input: () => failing, info: () => Promise.reject(error) } as unknown as ImagesBinding;
}

export function countingImages(): { images: ImagesBinding; renders: () => number } {
  let renders = 0;
  const images = new Proxy(env.IMAGES, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        if (property === "input") renders += 1;
        return Reflect.apply(value, target, args);
      };
    },
  });
  return { images, renders: () => renders };
}

/** An Images binding that renders, and notes the options of each output. */
export function recordingImages(): { images: ImagesBinding; outputs: ImageOutputOptions[] } {
  const outputs: ImageOutputOptions[] = [];
  const wrap = (transformer: ImageTransformer): ImageTransformer => ({
    transform: (transform) => wrap(transformer.transform(transform)),
    draw: (image, options) => wrap(transformer.draw(image, options)),
    output: (options) => {
      outputs.push(options);
      return transformer.output(options);
    },
  });
  const images = {
    ...env.IMAGES,
    input: (stream: ReadableStream<Uint8Array>) => wrap(env.IMAGES.input(stream)),
    info: (stream: ReadableStream<Uint8Array>) => env.IMAGES.info(stream),
  };
  return { images, outputs };
}
