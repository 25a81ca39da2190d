/** Lets later imports load .wasm files, which workerd compiles when a Worker is deployed. */
import { registerHooks } from "node:module";

function moduleSource(url: string): string {
  return `import { readFileSync } from "node:fs"; import { fileURLToPath } from "node:url";
    export default new WebAssembly.Module(readFileSync(fileURLToPath(${JSON.stringify(url)})));`;
}

export function loadWasmModules(): void {
  registerHooks({
    load: (url, context, next) =>
      url.endsWith(".wasm") ? { format: "module", source: moduleSource(url), shortCircuit: true } : next(url, context),
  });
}
