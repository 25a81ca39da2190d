/** Permissions of a credential. `delete` covers trashing and restoring, `delete_permanently` everything final. */
export const actions = ["read", "write", "delete", "delete_permanently"] as const;
export type Action = (typeof actions)[number];
