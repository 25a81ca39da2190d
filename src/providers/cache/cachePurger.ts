/** The cache in front of the Worker, as far as the Worker controls it. */

/** Tags of one purge: Cloudflare's limit of operations per request. */
export const MAX_TAGS_PER_PURGE = 100;

export interface CachePurger {
  /**
   * Removes the responses that carry one of at most `MAX_TAGS_PER_PURGE` tags. Tags are compared without case. Returns
   * null on success, and otherwise the reason, such as the rate limit; a later call may succeed.
   */
  purge(tags: string[]): Promise<string | null>;
}
