import type { Api, DemoAsset } from "./client.ts";

const BAR_WIDTH = 24;

/** Prints a progress bar on a terminal, and one line per step elsewhere. */
export function showProgress(done: number, total: number, label: string): void {
  if (!process.stdout.isTTY) {
    console.log(`  ${String(done).padStart(String(total).length)}/${total} ${label}`);
    return;
  }
  const filled = Math.round((done / total) * BAR_WIDTH);
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  process.stdout.write(`\r\u001B[2K${bar} ${done}/${total} ${label}`);
  if (done === total) process.stdout.write("\n");
}

function formatSize(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} KiB` : `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;
}

function cameraName(asset: DemoAsset): string {
  const make = asset.metadata?.make ?? "";
  const model = asset.metadata?.model ?? "";
  return (model.startsWith(make) ? model : `${make} ${model}`).trim();
}

function tableRow(asset: DemoAsset): string[] {
  return [
    asset.original_file_name,
    asset.local_datetime.replace("T", " ").replace(/\.\d+/, ""),
    cameraName(asset),
    asset.width > 0 ? `${asset.width}×${asset.height}` : "",
    formatSize(asset.file_data?.file_size_bytes ?? 0),
    asset.metadata?.display_label ?? "",
    asset.id,
  ];
}

export function printTable(assets: DemoAsset[]): void {
  const rows = [["file", "taken", "camera", "pixels", "size", "place", "id"], ...assets.map(tableRow)];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  }
}

export function printUrls(api: Api, assets: DemoAsset[]): void {
  const photo = assets.find((asset) => asset.asset_urls?.["preview"] !== undefined);
  console.log(`
API reference   ${api.origin}/docs
OpenAPI         ${api.origin}/openapi.json
Owner's key     ${api.key}
Preview         ${photo?.asset_urls?.["preview"]?.url ?? "(none)"}
Original        ${photo?.asset_urls?.["original"]?.url ?? "(none)"}

Try it:
npm run contact-sheet -- ${api.origin} contact-sheet.html   # all thumbnails on one page
curl -H 'Authorization: Bearer ${api.key}' '${api.origin}/api/assets?limit=3&include=metadata'
`);
}
