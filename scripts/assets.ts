/**
 * Puts the reference page's script and style sheet into public/, out of the installed swagger-ui-dist.
 * Run before every dev, demo and deploy: nothing of the page is fetched from another host.
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
