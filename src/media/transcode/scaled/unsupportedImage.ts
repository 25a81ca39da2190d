/** Thrown for images that only Cloudflare Images can read. Its message is the recorded reason. */
export class UnsupportedImageError extends Error {}
