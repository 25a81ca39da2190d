/**
 * Copies the API reference page's script and style sheet from swagger-ui-dist to public/, before every dev, demo, build
 * and deploy. The page then loads everything from its own host.
 */
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";

const files = ["swagger-ui-bundle.js", "swagger-ui.css", "LICENSE", "NOTICE"];

export function copyReferenceAssets(): void {
  const target = join("public", "reference", "vendor");
  mkdirSync(target, { recursive: true });
  for (const file of files) cpSync(join("node_modules", "swagger-ui-dist", file), join(target, file));
}

if (import.meta.main) copyReferenceAssets();
