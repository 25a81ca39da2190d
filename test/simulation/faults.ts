/** Bindings of which one call, counted over all of them, fails: refused, carried out unheard, or the last before the end. */
import { env } from "cloudflare:workers";
import { countingD1 } from "../support/bindings/d1.ts";
import { keptQueue } from "../support/bindings/queue.ts";

/** `refused`: it never happens. `unheard`: it does, and the answer is lost. `last`: it does, and nothing after it. */
export const endings = ["refused", "unheard", "last"] as const;
export type Ending = (typeof endings)[number];

export interface Mishap {
  /** The call it is, from 0. */
  at: number;
  ending: Ending;
}

/** While a call waits, something else happens. */
export interface Meanwhile {
  at: number;
  work: () => Promise<unknown>;
}

export interface Watched {
  bindings: Partial<Cloudflare.Env>;
  /** What was called, in order. */
  calls: string[];
}

const LOST = "D1_ERROR: Network connection lost";
const BUCKET_CALLS = new Set<string | symbol>(["put", "get", "head", "list", "delete", "createMultipartUpload"]);

/** Null: nothing fails, and the calls are counted. */
export function bindingsWith(mishap: Mishap | null, meanwhile: Meanwhile | null = null): Watched {
  const calls: string[] = [];
  const before = async (what: string): Promise<boolean> => {
    const index = calls.push(what) - 1;
    if (index === meanwhile?.at) await meanwhile.work();
    if (mishap === null || index < mishap.at) return false;
    if (index > mishap.at && mishap.ending === "last") throw new Error(LOST);
    if (index !== mishap.at) return false;
    if (mishap.ending === "refused") throw new Error(LOST);
    return mishap.ending === "unheard";
  };
  const around = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const isUnheard = await before(what);
    const result = await work();
    if (isUnheard) throw new Error(LOST);
    return result;
  };
  // D1's own wrapper tells of a call before and behind it, one at a time within a request.
  let isUnheard = false;
  const database = countingD1(env.DB, {
    beforeBatch: async ([sql = ""]) => {
      isUnheard = await before(`D1 ${sql.trim().slice(0, 60)}`);
    },
    afterBatch: () => {
      if (!isUnheard) return;
      isUnheard = false;
      throw new Error(LOST);
    },
  });
  const bucket = new Proxy(env.BUCKET, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      if (!BUCKET_CALLS.has(name)) return member.bind(target) as unknown;
      return async (...args: unknown[]) =>
        await around(`R2 ${String(name)}`, () => member.apply(target, args) as Promise<unknown>);
    },
  });
  const kept = keptQueue().binding;
  const queue = {
    send: async (message: unknown) => await around("queue send", () => kept.send(message)),
    sendBatch: async (messages: Iterable<MessageSendRequest>) =>
      await around("queue sendBatch", () => kept.sendBatch(messages)),
  } as unknown as Queue;
  return { bindings: { DB: database.binding, BUCKET: bucket, QUEUE: queue }, calls };
}
