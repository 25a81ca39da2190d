/** The columns of a user that other users see. */
import { eq, sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { users } from "../schema/schema.ts";
import type { Row } from "../sql/query.ts";

export interface NamedUser {
  id: string;
  /** Tells the owner of the deployment, whose name is a setting. Null for a deleted user. */
  subject: string | null;
  firstName: string | null;
  lastName: string | null;
}

/** Columns of the user `alias` of a join, with names that no other table has. */
export function namedUserColumns(alias: "users" | "u"): SQL {
  const column = (name: string): SQL => sql.raw(`${alias}.${name} AS user_${name}`);
  return sql.join(["subject", "first_name", "last_name"].map(column), sql`, `);
}

/** The same columns for Drizzle's joins of `users`: all of a `NamedUser` but the id. */
export const namedUserSelection = {
  subject: sql<string | null>`${users.subject}`.as("user_subject"),
  firstName: sql<string | null>`${users.firstName}`.as("user_first_name"),
  lastName: sql<string | null>`${users.lastName}`.as("user_last_name"),
};

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** Reads `namedUserColumns` of a row. */
export function readNamedUser(id: string, row: Row): NamedUser {
  return {
    id,
    subject: textOrNull(row["user_subject"]),
    firstName: textOrNull(row["user_first_name"]),
    lastName: textOrNull(row["user_last_name"]),
  };
}

export async function findNamedUser(db: Database, id: string): Promise<NamedUser | null> {
  const { subject, firstName, lastName } = users;
  return (
    (await db.orm.select({ id: users.id, subject, firstName, lastName }).from(users).where(eq(users.id, id)).get()) ??
    null
  );
}
