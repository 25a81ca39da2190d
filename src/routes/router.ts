/** A router whose schemas both validate requests and document them. */
import { OpenAPIHono, type z } from "@hono/zod-openapi";
import { AppError, type Issue } from "../kernel/errors.ts";
import type { AppEnv } from "../middleware/context.ts";

const locations: Record<string, string> = {
  json: "body",
  form: "body",
  param: "path",
  query: "query",
  header: "header",
};

interface Problem {
  path: PropertyKey[];
  message: string;
  code?: string | undefined;
}

function validationError(target: string, problems: Problem[]): AppError {
  const issues = problems.map((problem): Issue => {
    const path = problem.path.map((part) => (typeof part === "number" ? part : String(part)));
    return { loc: [locations[target] ?? target, ...path], msg: problem.message, type: problem.code ?? "value_error" };
  });
  const message = issues.map((issue) => `${issue.loc.join(".")}: ${issue.msg}`).join("; ");
  return new AppError("validation_error", message, { issues });
}

/** For routes that answer with a stream or read one: the same validation, by hand. */
export function parse<T extends z.ZodType>(schema: T, value: unknown, target: "param" | "query" | "form"): z.output<T> {
  const result = schema.safeParse(value);
  if (!result.success) throw validationError(target, result.error.issues);
  return result.data;
}

/** Strict routers tell `/x` from `/x/`; clients write both, so ours do not. */
export function newRouter(): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>({
    strict: false,
    defaultHook: (result) => {
      if (result.success) return;
      throw validationError(result.target, result.error.issues);
    },
  });
}
