/** Where drizzle-kit finds the schema and puts migrations. Names no database: wrangler applies them. */
import { defineConfig } from "drizzle-kit";

export default defineConfig({ dialect: "sqlite", schema: "./src/records/schema/schema.ts", out: "./migrations" });
