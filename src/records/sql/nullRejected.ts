/** An INSERT that sets a NOT NULL column to NULL when its condition fails. The whole batch fails, without any change. */

/** Whether the batch failed because the column, such as `assets.library_id`, was NULL. */
export function isNullRejected(error: unknown, column: string): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const text = `NOT NULL constraint failed: ${column}`;
  return [error, cause].some((each) => each instanceof Error && each.message.includes(text));
}
