/** Creates routers whose schemas validate requests and generate the OpenAPI document. */
import { OpenAPIHono, type RouteConfig, type z } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { hasBody } from "../http/bodyReader.ts";
import { AppError, missingBody, type Issue } from "../kernel/errors.ts";
import type { AppEnv } from "../middleware/context.ts";

const errorLocations: Record<string, string> = {
  json: "body",
  form: "body",
  param: "path",
  query: "query",
  header: "header",
};

interface SchemaIssue {
  path: PropertyKey[];
  message: string;
  code?: string | undefined;
}

/** Issues that a 422 lists: one request can hold thousands of wrong values. */
export const MAX_REPORTED_ISSUES = 100;

/** Zod's message for a missing field speaks of JavaScript's undefined. */
function plainMessage(message: string): string {
  return message.endsWith("received undefined") ? "is required" : message;
}

function validationError(target: string, problems: SchemaIssue[]): AppError {
  const issues = problems.slice(0, MAX_REPORTED_ISSUES).map((problem): Issue => {
    const path = problem.path.map((part) => (typeof part === "number" ? part : String(part)));
    return {
      loc: [errorLocations[target] ?? target, ...path],
      msg: plainMessage(problem.message),
      type: problem.code ?? "value_error",
    };
  });
  const message = issues.map((issue) => `${issue.loc.join(".")}: ${issue.msg}`).join("; ");
  return new AppError("validation_error", message, { issues });
}

/** Validates by hand on streaming routes, which `.openapi()` can't type. Throws `validation_error`. */
export function parse<T extends z.ZodType>(schema: T, value: unknown, target: "param" | "query" | "form"): z.output<T> {
  const result = schema.safeParse(value);
  if (!result.success) throw validationError(target, result.error.issues);
  return result.data;
}

/** Non-strict, so that `/x` and `/x/` are the same route: clients use both. */
export function newRouter(): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>({
    strict: false,
    defaultHook: (result, c) => {
      // Without a Content-Type, Hono validates `{}` in place of a missing body.
      if (result.target === "json" && !hasBody(c.req.raw)) throw missingBody();
      if (result.success) return;
      throw validationError(result.target, result.error.issues);
    },
  });
}

type StreamingRoute = Omit<RouteConfig, "middleware"> & {
  middleware?: readonly MiddlewareHandler<AppEnv>[];
  getRoutingPath(): string;
};

/**
 * Registers a route whose request or response is a stream, which `.openapi()` can't type. The handler validates with
 * `parse`. Hono answers HEAD through the GET handler.
 */
export function addStreamingRoute(
  router: OpenAPIHono<AppEnv>,
  route: StreamingRoute,
  handler: (c: Context<AppEnv>) => Response | Promise<Response>,
): void {
  const { middleware = [], ...documented } = route;
  const bodyIsRequired = route.request?.body?.required === true;
  router.openAPIRegistry.registerPath(documented);
  router.on([route.method], [route.getRoutingPath()], ...middleware, (c) => {
    if (bodyIsRequired && !hasBody(c.req.raw)) throw missingBody();
    return handler(c);
  });
}
