/** Mounts middleware and routers in order. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { warn } from "./kernel/log.ts";
import { jsonBody } from "./middleware/jsonBody.ts";
import type { AppEnv } from "./middleware/context.ts";
import { authenticate, databaseSession } from "./middleware/authentication.ts";
import { crossOrigin } from "./middleware/cors.ts";
import { onError, onNotFound } from "./middleware/errors.ts";
import { knownRoutesOnly } from "./middleware/knownRoutes.ts";
import { plainListNames } from "./middleware/listNames.ts";
import { rateLimit } from "./middleware/rateLimits.ts";
import { defaultHeaders, requestLog, requestSetup } from "./middleware/request.ts";
import { httpsOnly } from "./middleware/transport.ts";
import { albumAssets } from "./routes/albums/assetRoutes.ts";
import { albumMemberships } from "./routes/albums/membershipRoutes.ts";
import { albums } from "./routes/albums/routes.ts";
import { apiKeys } from "./routes/accounts/routes.ts";
import { users } from "./routes/accounts/userRoutes.ts";
import { oauth } from "./routes/accounts/oauthRoutes.ts";
import { passkeys } from "./routes/accounts/passkeyRoutes.ts";
import { publicSignIn, signIn } from "./routes/accounts/signInRoutes.ts";
import { sessions } from "./routes/accounts/sessionRoutes.ts";
import { faceRuns } from "./routes/faces/faceRunRoutes.ts";
import { faces } from "./routes/faces/routes.ts";
import { feedback } from "./routes/feedback/routes.ts";
import { assetFiles } from "./routes/delivery/fileRoutes.ts";
import { assetListQuerySchema } from "./routes/assets/querySchemas.ts";
import { moves } from "./routes/assets/moveRoutes.ts";
import { assets } from "./routes/assets/routes.ts";
import { events } from "./routes/events/routes.ts";
import { integrity } from "./routes/maintenance/routes.ts";
import { invitations } from "./routes/libraries/invitationRoutes.ts";
import { members } from "./routes/libraries/memberRoutes.ts";
import { libraries } from "./routes/libraries/routes.ts";
import { geoClusters } from "./routes/map/routes.ts";
import { edgeResizing } from "./routes/delivery/edgeResizing.ts";
import { media } from "./routes/delivery/routes.ts";
import { people } from "./routes/people/routes.ts";
import { publishOpenApi } from "./routes/openapi.ts";
import { newRouter } from "./routes/router.ts";
import { searchIndex } from "./routes/search/indexRoutes.ts";
import { searches } from "./routes/search/routes.ts";
import { similarAssets } from "./routes/search/similarRoutes.ts";
import { server } from "./routes/server.ts";
import { tasks } from "./routes/tasks/routes.ts";
import { stacks } from "./routes/stacks/routes.ts";
import { posters } from "./routes/delivery/posterRoutes.ts";
import { refreshedPosters } from "./routes/delivery/refreshPosterRoutes.ts";
import { trash } from "./routes/deletion/routes.ts";
import { uploads } from "./routes/uploads/routes.ts";
import { warmUpUploads } from "./routes/uploads/warmUp.ts";
import { versions } from "./routes/versions/routes.ts";

/** Chained, because `route` returns the type with the router's routes. */
function mountApi(app: OpenAPIHono<AppEnv>) {
  return app
    .route("/", users)
    .route("/", invitations)
    .route("/", libraries)
    .route("/", faceRuns)
    .route("/", members)
    .route("/", apiKeys)
    .route("/", sessions)
    .route("/", signIn)
    .route("/", passkeys)
    .route("/", albums)
    .route("/", albumAssets)
    .route("/", albumMemberships)
    .route("/", stacks)
    .route("/", people)
    .route("/", faces)
    .route("/", geoClusters)
    .route("/", searches)
    .route("/", searchIndex)
    .route("/", similarAssets)
    .route("/", assets)
    .route("/", moves)
    .route("/", assetFiles)
    .route("/", posters)
    .route("/", refreshedPosters)
    .route("/", trash)
    .route("/", uploads)
    .route("/", versions)
    .route("/", tasks)
    .route("/", events)
    .route("/", feedback)
    .route("/", integrity);
}

/** The routes under /api, for Hono's typed client: `hc<AppType>(origin)`. Without those that stream a file. */
export type AppType = ReturnType<typeof mountApi>;

export function createApp(): OpenAPIHono<AppEnv> {
  const app = newRouter();
  app.onError(onError);
  app.notFound(onNotFound);
  const knownRoutes = knownRoutesOnly(app);
  app.use(requestLog, defaultHeaders, requestSetup, httpsOnly, crossOrigin, knownRoutes.middleware);
  app.route("/", server);
  app.route("/", oauth);
  app.route("/", publicSignIn);
  app.route("/", media);
  app.route("/", edgeResizing);
  publishOpenApi(app);
  app.use("/api/*", plainListNames, databaseSession, authenticate, rateLimit, jsonBody);
  mountApi(app);
  knownRoutes.listRoutes();
  // Hono compiles its routes at the first match: 2 ms of an isolate's start instead of its first request.
  app.router.match("GET", "/");
  // The first validation compiles zod's code: 1.5 to 2.5 ms.
  assetListQuerySchema.safeParse({});
  // Running an upload once takes 10 ms from the first upload to the start; if it fails, uploads work all the same.
  void warmUpUploads().catch((cause: unknown) => warn("the warm-up of uploads failed", { error: String(cause) }));
  return app;
}
