/**
 * Recognizes a batch that a NOT NULL column rejected. An INSERT sets the column to NULL when its condition fails, which
 * rolls the whole batch back.
 */

/** Whether the batch failed because the column, such as `assets.library_id`, was NULL. */
export function isNullRejected(error: unknown, column: string): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const text = `NOT NULL constraint failed: ${column}`;
  return [error, cause].some((each) => each instanceof Error && each.message.includes(text));
}
