import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

/** Lets Node import modules that only workerd and Vite load: bindings, WebAssembly, JSON without import attributes. */
export function allowWorkerModules(): void {
  registerHooks({
    resolve: (specifier, context, next) => {
      if (!specifier.startsWith("cloudflare:")) return next(specifier, context);
      return { url: `data:text/javascript,export const env = {}`, shortCircuit: true };
    },
    load: (url, context, next) => {
      if (url.endsWith(".wasm")) return { format: "module", source: "export default null", shortCircuit: true };
      if (!url.endsWith(".json")) return next(url, context);
      const source = `export default ${readFileSync(fileURLToPath(url), "utf8")}`;
      return { format: "module", source, shortCircuit: true };
    },
  });
}
