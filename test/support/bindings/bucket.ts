/** An R2 binding that notes what is called, and fails where it is told to. */
import { env } from "cloudflare:workers";

export type BucketCall =
  | "put"
  | "get"
  | "head"
  | "list"
  | "delete"
  | "createMultipartUpload"
  | "uploadPart"
  | "complete"
  | "abort";

/** `early`: it never reaches R2. `late`: it was carried out, but nobody hears of it. */
export type BucketFaults = Partial<Record<BucketCall, "early" | "late">>;

export interface WatchedBucket {
  binding: R2Bucket;
  calls: BucketCall[];
}

const direct = new Set<string | symbol>(["put", "get", "head", "list", "delete"] satisfies BucketCall[]);

export function watchedBucket(faults: BucketFaults = {}): WatchedBucket {
  const calls: BucketCall[] = [];

  async function watch<T>(call: BucketCall, work: () => Promise<T>): Promise<T> {
    calls.push(call);
    if (faults[call] === "early") throw new Error(`${call}: internal error (10001)`);
    const result = await work();
    if (faults[call] === "late") throw new Error(`${call}: network connection lost`);
    return result;
  }

  function watchUpload(upload: R2MultipartUpload): R2MultipartUpload {
    return {
      key: upload.key,
      uploadId: upload.uploadId,
      uploadPart: async (number, value) => await watch("uploadPart", () => upload.uploadPart(number, value)),
      complete: async (parts) => await watch("complete", () => upload.complete(parts)),
      abort: async () => {
        await watch("abort", () => upload.abort());
      },
    };
  }

  const binding = new Proxy(env.BUCKET, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      if (direct.has(name)) {
        const call = name as BucketCall;
        return async (...args: unknown[]) => await watch(call, () => member.apply(target, args) as Promise<unknown>);
      }
      if (name !== "createMultipartUpload") return member.bind(target) as unknown;
      return async (key: string, options: R2MultipartOptions) =>
        await watch(name, async () => watchUpload(await target.createMultipartUpload(key, options)));
    },
  });
  return { binding, calls };
}

/** Everything in the bucket. */
export async function storedKeys(): Promise<string[]> {
  const keys: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await env.BUCKET.list(cursor === undefined ? {} : { cursor });
    keys.push(...page.objects.map((object) => object.key));
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
  return keys;
}
