/**
 * `npm run contact-sheet -- ORIGIN FILE.html`: writes a page with the thumbnails of a running Worker's assets, or the
 * reason why a thumbnail is missing. Thumbnails are embedded, so that the page works offline.
 */
import { readFileSync, writeFileSync } from "node:fs";

interface Asset {
  id: string;
  original_file_name: string;
  width: number;
  height: number;
  asset_urls: Record<string, { url: string }>;
}
interface Task {
  task_type: string;
  result: string | null;
  error_message: string | null;
}

const [origin = "http://localhost:8787", outputPath = "contact-sheet.html"] = process.argv.slice(2);
const key = /^ROOT_API_KEY=(.*)$/m.exec(readFileSync(".dev.vars", "utf8"))?.[1] ?? "";

async function getJson<T>(path: string): Promise<T> {
  const response = await fetch(origin + path, { headers: { authorization: `Bearer ${key}` } });
  if (!response.ok) throw new Error(`${path} responded with ${response.status}`);
  const body: T = await response.json();
  return body;
}

async function thumbnailHtml(asset: Asset): Promise<string> {
  const url = (asset.asset_urls["thumbnail"] ?? asset.asset_urls["thumbnail_image"])?.url;
  const response = url === undefined ? null : await fetch(url);
  if (response?.ok === true) {
    const characters = Array.from(new Uint8Array(await response.arrayBuffer()), (byte) => String.fromCharCode(byte));
    return `<img src="data:image/webp;base64,${btoa(characters.join(""))}">`;
  }
  const tasks = await getJson<Task[]>(`/api/tasks/asset/${asset.id}`);
  const relevant = tasks.find((task) => /proxy|thumbnail/.test(task.task_type)) ?? tasks[0];
  return `<p>${relevant?.error_message ?? relevant?.result ?? "no reason recorded"}</p>`;
}

const { data } = await getJson<{ data: Asset[] }>("/api/assets?include=&limit=200&order=asc");
const sorted = data.toSorted((a, b) => a.original_file_name.localeCompare(b.original_file_name));
const cells = await Promise.all(
  sorted.map(async (asset) => {
    const caption = `${asset.original_file_name}<br>${asset.width} × ${asset.height}`;
    return `<figure><div>${await thumbnailHtml(asset)}</div><figcaption>${caption}</figcaption></figure>`;
  }),
);
const style = `body{font:12px sans-serif;margin:12px;display:grid;grid-template-columns:repeat(7,1fr);gap:10px}
figure{margin:0}div{height:150px;display:grid;place-items:center;background:#eee}
img{max-width:100%;max-height:150px}p{padding:8px;color:#555}figcaption{padding:4px 0;overflow-wrap:anywhere}`;
writeFileSync(outputPath, `<!doctype html><meta charset="utf-8"><style>${style}</style>${cells.join("\n")}`);
console.log(`Wrote ${cells.length} assets to ${outputPath}`);
