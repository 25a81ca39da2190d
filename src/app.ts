/** The order of middleware and routes. Holds no rule of its own. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { jsonBodies } from "./middleware/bodies.ts";
import type { AppEnv } from "./middleware/context.ts";
import { credentials, session } from "./middleware/credentials.ts";
import { crossOrigin } from "./middleware/crossOrigin.ts";
import { onError, onNotFound } from "./middleware/errors.ts";
import { rateLimit } from "./middleware/rateLimits.ts";
import { logLine, noStore, request } from "./middleware/request.ts";
import { albumAssets } from "./routes/albumAssets.ts";
import { albumLinks } from "./routes/albumLinks.ts";
import { albums } from "./routes/albums.ts";
import { apiKeys } from "./routes/apiKeys.ts";
import { assetExistence } from "./routes/assetExistence.ts";
import { assetFiles } from "./routes/assetFiles.ts";
import { assets } from "./routes/assets.ts";
import { edits } from "./routes/edits.ts";
import { events } from "./routes/events.ts";
import { integrity } from "./routes/integrity.ts";
import { libraries } from "./routes/libraries.ts";
import { counts } from "./routes/counts.ts";
import { geoClusters } from "./routes/geoClusters.ts";
import { edgeResizing } from "./routes/edgeResizing.ts";
import { media } from "./routes/links.ts";
import { publishOpenApi } from "./routes/openapi.ts";
import { newRouter } from "./routes/router.ts";
import { server } from "./routes/server.ts";
import { tasks } from "./routes/tasks.ts";
import { stacks } from "./routes/stacks.ts";
import { stills } from "./routes/stills.ts";
import { trash } from "./routes/trash.ts";
import { uploads } from "./routes/uploads.ts";
import { users } from "./routes/users.ts";
import { versions } from "./routes/versions.ts";

export function createApp(): OpenAPIHono<AppEnv> {
  const app = newRouter();
  app.onError(onError);
  app.notFound(onNotFound);
  app.use(logLine, request, crossOrigin);
  app.route("/", server);
  app.route("/", media);
  app.route("/", edgeResizing);
  publishOpenApi(app);
  app.use("/api/*", noStore, session, credentials, rateLimit, jsonBodies);
  for (const router of [
    users,
    libraries,
    apiKeys,
    albums,
    albumAssets,
    albumLinks,
    stacks,
    counts,
    geoClusters,
    assets,
    edits,
    assetExistence,
    assetFiles,
    stills,
    trash,
    uploads,
    versions,
    tasks,
    events,
    integrity,
  ])
    app.route("/", router);
  return app;
}
