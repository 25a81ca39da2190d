/** The order of middleware and routes. Holds no rule of its own. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { jsonBodies } from "./middleware/bodies.ts";
import type { AppEnv } from "./middleware/context.ts";
import { credentials, session } from "./middleware/credentials.ts";
import { crossOrigin } from "./middleware/crossOrigin.ts";
import { onError, onNotFound } from "./middleware/errors.ts";
import { logLine, noStore, request } from "./middleware/request.ts";
import { albumAssets } from "./routes/albumAssets.ts";
import { albums } from "./routes/albums.ts";
import { apiKeys } from "./routes/apiKeys.ts";
import { assets } from "./routes/assets.ts";
import { integrity } from "./routes/integrity.ts";
import { libraries } from "./routes/libraries.ts";
import { edgeResizing } from "./routes/edgeResizing.ts";
import { media } from "./routes/links.ts";
import { publishOpenApi } from "./routes/openapi.ts";
import { newRouter } from "./routes/router.ts";
import { server } from "./routes/server.ts";
import { tasks } from "./routes/tasks.ts";
import { stills } from "./routes/stills.ts";
import { uploads } from "./routes/uploads.ts";
import { users } from "./routes/users.ts";

export function createApp(): OpenAPIHono<AppEnv> {
  const app = newRouter();
  app.onError(onError);
  app.notFound(onNotFound);
  app.use(logLine, request, crossOrigin);
  app.route("/", server);
  app.route("/", media);
  app.route("/", edgeResizing);
  publishOpenApi(app);
  app.use("/api/*", noStore, session, credentials, jsonBodies);
  for (const router of [users, libraries, apiKeys, albums, albumAssets, assets, stills, uploads, tasks, integrity])
    app.route("/", router);
  return app;
}
