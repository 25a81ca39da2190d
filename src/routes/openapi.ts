/** The OpenAPI document, generated from the schemas that validate requests. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import packageJson from "../../package.json";
import type { AppEnv } from "../middleware/context.ts";

const INFO = {
  openapi: "3.1.0",
  info: {
    title: "Tintype",
    version: packageJson.version,
    description: "Photo and video API on Cloudflare Workers. Compatible with the Gumnut Photos API.",
    contact: { name: "Tintype contributors" },
    license: { name: "MIT", identifier: "MIT" },
  },
  // Relative, because Workers Cache serves one answer on every host.
  servers: [{ url: "/", description: "This instance" }],
  tags: [
    { name: "Assets", description: "Photos and videos: upload, list, read, update, trash, delete" },
    { name: "Search", description: "Assets by text, by resemblance and by filters" },
    { name: "Albums", description: "Albums and their memberships" },
    { name: "Libraries", description: "Libraries hold assets, albums and stacks" },
    { name: "Members", description: "Members of shared libraries and their roles" },
    { name: "Invitations", description: "Links by which others join a library" },
    { name: "Stacks", description: "Groups of related photos" },
    { name: "People", description: "People, grouped from faces" },
    { name: "Faces", description: "Faces on assets and their people" },
    { name: "Versions", description: "Edited versions of a photo" },
    { name: "Media", description: "Files behind signed URLs" },
    { name: "Tasks", description: "Background tasks of assets" },
    { name: "Events", description: "The change feed" },
    { name: "Users", description: "The account of the credential" },
    { name: "Sign-in", description: "Sign-in with an OpenID provider or on this deployment's own page" },
    { name: "Sessions", description: "Signed-in devices of the caller" },
    { name: "API keys", description: "Credentials with limited actions, libraries and lifetime" },
    { name: "Feedback", description: "Reports about the service, for the owner of the deployment" },
    { name: "Integrity", description: "Rows and objects that do not match" },
    { name: "Server", description: "The service itself" },
  ],
};

/** Serves `/openapi.json` with every route of `app`, without a credential. The document is built on first use. */
export function publishOpenApi(app: OpenAPIHono<AppEnv>): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  app.openAPIRegistry.registerComponent("securitySchemes", "apiKey", {
    type: "apiKey",
    in: "header",
    name: "x-api-key",
  });
  let document: object | undefined;
  app.get("/openapi.json", (c) => {
    document ??= app.getOpenAPI31Document(INFO);
    return c.json(document, 200, { "Cache-Control": "public, max-age=300, stale-if-error=0" });
  });
}
