/** Which assets a call throws away or brings back. */
import { z } from "@hono/zod-openapi";
import { idSchema } from "../fieldSchemas.ts";

/** As many as one batch of statements takes. */
export const idsSchema = z.object({ ids: z.array(idSchema("asset")).min(1).max(200) }).openapi("Ids");

export const inLibrarySchema = z.object({ library_id: idSchema("library").optional() });
