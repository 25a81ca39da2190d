/** An R2 binding that records its calls and can fail on demand. */
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

/** `rejected`: the call never reaches R2. `response_lost`: it takes effect and then throws. */
export type BucketFaults = Partial<Record<BucketCall, "rejected" | "response_lost">>;

export interface InstrumentedBucket {
  binding: R2Bucket;
  calls: BucketCall[];
}

const DIRECT_CALLS = new Set<string | symbol>(["put", "get", "head", "list", "delete"] satisfies BucketCall[]);

export function instrumentedBucket(faults: BucketFaults = {}): InstrumentedBucket {
  const calls: BucketCall[] = [];

  async function watch<T>(call: BucketCall, work: () => Promise<T>): Promise<T> {
    calls.push(call);
    if (faults[call] === "rejected") throw new Error(`${call}: internal error (10001)`);
    const result = await work();
    if (faults[call] === "response_lost") throw new Error(`${call}: network connection lost`);
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
      if (DIRECT_CALLS.has(name)) {
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

/** Lists all keys in the bucket. */
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
