import type { Api, DemoAsset } from "./client.ts";

const BAR_WIDTH = 24;
const DEFAULT_COLUMNS = 80;
const ELLIPSIS = "…";

function terminalColumns(): number {
  return process.stdout.isTTY ? Math.max(40, process.stdout.columns) : DEFAULT_COLUMNS;
}

function fit(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}${ELLIPSIS}`;
}

/** Prints a progress bar on a terminal, and one line per step elsewhere. */
export function showProgress(done: number, total: number, label: string): void {
  if (!process.stdout.isTTY) {
    console.log(`  ${String(done).padStart(String(total).length)}/${total} ${label}`);
    return;
  }
  const filled = Math.round((done / total) * BAR_WIDTH);
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  const line = fit(`${bar} ${done}/${total} ${label}`, terminalColumns() - 1);
  process.stdout.write(`\r\u001B[2K${line}`);
  if (done === total) process.stdout.write("\n");
}

function formatSize(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} KiB` : `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;
}

/** The minute of capture; a file without a date has none, although lists sort it by the time of its upload. */
function captureTimeOf({ local_datetime: time, metadata }: DemoAsset): string {
  const hasDate = metadata?.original_datetime !== null && metadata?.original_datetime !== undefined;
  return hasDate ? time.slice(0, 16).replace("T", " ") : "no date";
}

/** The last column takes what the others leave. */
const columns: { title: string; width: number; value: (asset: DemoAsset) => string }[] = [
  { title: "file", width: 22, value: (asset) => asset.original_file_name },
  { title: "taken", width: 16, value: captureTimeOf },
  { title: "pixels", width: 9, value: ({ width, height }) => (width > 0 ? `${width}×${height}` : "") },
  { title: "size", width: 7, value: (asset) => formatSize(asset.file_data?.file_size_bytes ?? 0) },
  { title: "place", width: 0, value: (asset) => asset.metadata?.display_label ?? "" },
];

export function tableLines(assets: DemoAsset[], width: number): string[] {
  const fixed = columns.reduce((sum, column) => sum + column.width + 2, 0);
  const rows = [columns.map(({ title }) => title), ...assets.map((asset) => columns.map(({ value }) => value(asset)))];
  return rows.map((row) =>
    row
      .map((cell, index) => {
        const cellWidth = columns[index]?.width ?? 0;
        return cellWidth === 0 ? fit(cell, Math.max(0, width - fixed)) : fit(cell, cellWidth).padEnd(cellWidth);
      })
      .join("  ")
      .trimEnd(),
  );
}

export function printTable(assets: DemoAsset[]): void {
  for (const line of tableLines(assets, terminalColumns())) console.log(line);
}

export interface PersonOnPhotos {
  name: string | null;
  files: string[];
}

/** One paragraph for each person: a heading and the names of their files. */
export function peopleLines(people: PersonOnPhotos[], width: number): string[] {
  const heading = ({ name, files }: PersonOnPhotos, index: number) =>
    `${name ?? `Person ${index + 1}`} is on ${files.length} photos:`;
  return people.flatMap((person, index) => [
    fit(heading(person, index), width),
    ...person.files.map((file) => fit(`  ${file}`, width)),
  ]);
}

/** Prints who appears on several photos. */
export function printPeople(people: PersonOnPhotos[]): void {
  if (people.length === 0) return;
  console.log("\nFaces of the same person, found by the Worker:");
  for (const line of peopleLines(people, terminalColumns())) console.log(line);
}

/** The photo to look at first. */
const FIRST_PHOTO = "prairie_falcon.jpg";

/** Addresses of a server that keeps running. */
export function printAddresses(api: Api, assets: DemoAsset[]): void {
  const photo = assets.find((asset) => asset.original_file_name === FIRST_PHOTO) ?? assets[0];
  console.log(`
A photo to look at:
${photo?.asset_urls?.["preview"]?.url ?? ""}

Start page      ${api.origin}/
API reference   ${api.origin}/docs
Owner's key     ${api.key}

All thumbnails on one page:
npm run contact-sheet -- ${api.origin} contact-sheet.html

The newest three assets:
curl -H 'Authorization: Bearer ${api.key}' \\
  '${api.origin}/api/assets?limit=3&include=metadata'
`);
}

/** The server ends with the demo, so it has no address to print. */
export function printHowToKeep(): void {
  console.log("\nThe server has ended. To look at the photos, run: npm run demo -- --keep");
}
