/** Types of WebAssembly codecs. */

/** wrangler and Vitest import a .wasm file as a module. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
