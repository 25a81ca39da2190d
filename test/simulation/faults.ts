/** Injects one fault into the calls to D1, R2 and the queue, counted over all three. */
import { env } from "cloudflare:workers";
import { countingD1 } from "../support/bindings/d1.ts";
import { recordingQueue } from "../support/bindings/queue.ts";

/**
 * `rejected`: the call has no effect. `response_lost`: it takes effect and then throws. `crash`: it takes effect and
 * every later call throws.
 */
export const faultModes = ["rejected", "response_lost", "crash"] as const;
export type FaultMode = (typeof faultModes)[number];

export interface Fault {
  /** Zero-based index of the call. */
  callIndex: number;
  mode: FaultMode;
}

/** Runs another action right before the call at `callIndex`. */
export interface Interleaving {
  callIndex: number;
  run: () => Promise<unknown>;
}

export interface InstrumentedBindings {
  bindings: Partial<Cloudflare.Env>;
  /** Descriptions of the calls, in order. */
  calls: string[];
}

const NETWORK_ERROR = "D1_ERROR: Network connection lost";
const BUCKET_CALLS = new Set<string | symbol>(["put", "get", "head", "list", "delete", "createMultipartUpload"]);

/** Records every call; injects the fault and the interleaved action if given. */
export function instrumentBindings(
  fault: Fault | null,
  interleaving: Interleaving | null = null,
): InstrumentedBindings {
  const calls: string[] = [];
  const beforeCall = async (call: string): Promise<boolean> => {
    const index = calls.push(call) - 1;
    if (index === interleaving?.callIndex) await interleaving.run();
    if (fault === null || index < fault.callIndex) return false;
    if (index > fault.callIndex && fault.mode === "crash") throw new Error(NETWORK_ERROR);
    if (index !== fault.callIndex) return false;
    if (fault.mode === "rejected") throw new Error(NETWORK_ERROR);
    return fault.mode === "response_lost";
  };
  const wrapCall = async <T>(call: string, work: () => Promise<T>): Promise<T> => {
    const isResponseLost = await beforeCall(call);
    const result = await work();
    if (isResponseLost) throw new Error(NETWORK_ERROR);
    return result;
  };
  // Hooks of countingD1 run in pairs: a request sends one batch at a time.
  let isResponseLost = false;
  const database = countingD1(env.DB, {
    beforeBatch: async ([sql = ""]) => {
      isResponseLost = await beforeCall(`D1 ${sql.trim().slice(0, 60)}`);
    },
    afterBatch: () => {
      if (!isResponseLost) return;
      isResponseLost = false;
      throw new Error(NETWORK_ERROR);
    },
  });
  const bucket = new Proxy(env.BUCKET, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      if (!BUCKET_CALLS.has(name)) return member.bind(target) as unknown;
      return async (...args: unknown[]) =>
        await wrapCall(`R2 ${String(name)}`, () => member.apply(target, args) as Promise<unknown>);
    },
  });
  const recorder = recordingQueue().binding;
  const queue = {
    send: async (message: unknown) => await wrapCall("queue send", () => recorder.send(message)),
    sendBatch: async (messages: Iterable<MessageSendRequest>) =>
      await wrapCall("queue sendBatch", () => recorder.sendBatch(messages)),
  } as unknown as Queue;
  return { bindings: { DB: database.binding, BUCKET: bucket, QUEUE: queue }, calls };
}
