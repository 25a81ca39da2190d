declare namespace Cloudflare {
  interface Env {
    TEST_LIMIT: RateLimit;
    TEST_LOGS: string;
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
    TEST_SEARCH_MIGRATIONS: import("cloudflare:test").D1Migration[];
  }
}
