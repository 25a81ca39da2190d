/** Finds a Chromium on this machine. Tests that need one are skipped without it. */
import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

const PATHS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/snap/bin/chromium",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** `CHROMIUM_PATH`, or the first usual place that exists; null without a browser. */
export function findChromium(): string | null {
  const configured = process.env["CHROMIUM_PATH"];
  if (configured === undefined || configured === "") return PATHS.find((path) => existsSync(path)) ?? null;
  if (!existsSync(configured)) throw new Error(`CHROMIUM_PATH names no file: ${configured}`);
  return configured;
}

export function launchChromium(executablePath: string): Promise<Browser> {
  // The sandbox needs user namespaces, which containers and root lack. The tests open only the local server's pages.
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}
