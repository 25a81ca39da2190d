declare namespace Cloudflare {
  interface Env {
    TEST_LIMIT: RateLimit;
    TEST_LOGS: string;
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
    TEST_SEARCH_MIGRATIONS: import("cloudflare:test").D1Migration[];
    /** The queue whose messages the Worker consumes. Those of `QUEUE` stay in a queue without a consumer. */
    TEST_QUEUE: Queue;
  }
}

/** What outlives the modules of a test file: `test/support/sharedWorker.ts`. */
declare var sharedWorker:
  | {
      print?: (text: string) => void;
      globals?: Set<string>;
      database?: import("./support/sharedWorker.ts").MigratedDatabase;
      searchDatabase?: import("./support/sharedWorker.ts").MigratedDatabase;
    }
  | undefined;
