/**
 * `npm run bench:search`: rows read and time of text searches in libraries of up to 1,000,000 assets, beside a scan with
 * LIKE. Takes ten minutes.
 */
import { env } from "cloudflare:workers";
import { it } from "vitest";
import { newId } from "../src/kernel/ids.ts";
import { parseTextQuery } from "../src/operations/search/text/parseQuery.ts";
import { searchText } from "../src/operations/search/textSearch.ts";
import { openDatabase } from "../src/records/database.ts";
import { countingD1 } from "../test/support/bindings/d1.ts";
import { testContext } from "../test/support/context.ts";
import { seedLibrary } from "../test/support/rows/seed.ts";
import { captions } from "../test/support/search/madeLibrary.ts";
import { principal, tableHeader, tableRow } from "./measureCost.ts";
import { fillIndex, type IndexFigures } from "./searchDocuments.ts";

const LIBRARY_ASSETS = [10_000, 100_000, 1_000_000];
const SCANNED_ASSETS = 100_000;
const REPEATS = 5;

const QUERIES = [
  ["a file name", "IMG_1234"],
  ["two words of a caption", "fishing boat"],
  ["a phrase", '"night train"'],
  ["the beginning of a word", "ligh"],
  ["two characters", "砂浜"],
  ["a misspelled word", "lighthosue"],
  ["a person and a city", "anna kyoto"],
  ["a month", "july 2019"],
  ["a year without a city", "2019 -kyoto"],
  ["a word of every photo", "photo"],
] as const;

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

interface Measured {
  hits: number;
  rowsRead: number;
  ms: number;
}

async function measure(work: () => Promise<Omit<Measured, "ms">>): Promise<Measured> {
  const times: number[] = [];
  let last = { hits: 0, rowsRead: 0 };
  for (let i = 0; i < REPEATS; i++) {
    const startMs = Date.now();
    last = await work();
    times.push(Date.now() - startMs);
  }
  return { ...last, ms: median(times) };
}

async function search(libraryId: string, text: string): Promise<Omit<Measured, "ms">> {
  const db = countingD1(env.SEARCH_DB);
  const context = testContext({ searchDb: openDatabase(db.binding, "nearest") });
  const hits = await searchText(context, { libraryId, query: parseTextQuery(text), limit: 200 });
  return { hits: hits.length, rowsRead: db.counts.rowsRead };
}

async function searchTable(libraries: { libraryId: string; count: number }[]): Promise<string[]> {
  const columns = libraries.flatMap(({ count }) => [`rows, ${count.toLocaleString("en")}`, "ms"]);
  const lines = tableHeader(["search", "query"], ["hits returned", ...columns]);
  for (const [name, text] of QUERIES) {
    const cells: Measured[] = [];
    for (const { libraryId } of libraries) cells.push(await measure(() => search(libraryId, text)));
    const figures = cells.flatMap(({ rowsRead, ms }) => [rowsRead, ms]);
    lines.push(tableRow(name, `\`${text}\``, cells.at(-1)?.hits ?? 0, ...figures));
  }
  return lines;
}

/** The same words by LIKE in the main database: captions, file names and places. */
async function scanTable(): Promise<string[]> {
  const { libraryId } = await seedLibrary(principal.userId, SCANNED_ASSETS);
  await env.DB.prepare(
    `UPDATE assets SET user_metadata = json_object('description', (SELECT value FROM json_each(?1) WHERE key = assets.rowid % 900))
     WHERE library_id = ?2 AND rowid % 900 < 90`,
  )
    .bind(JSON.stringify(captions.map(({ text }) => text)), libraryId)
    .run();
  const scan = async (word: string): Promise<Omit<Measured, "ms">> => {
    const { results, meta } = await env.DB.prepare(
      `SELECT id FROM assets WHERE library_id = ?1 AND trashed_at IS NULL AND (user_metadata ->> 'description' LIKE ?2
         OR original_file_name LIKE ?2 OR derived_metadata LIKE ?2) ORDER BY sort_key DESC LIMIT 200`,
    )
      .bind(libraryId, `%${word}%`)
      .all();
    return { hits: results.length, rowsRead: meta.rows_read };
  };
  const lines = tableHeader(["LIKE scan of 100,000 assets"], ["hits", "rows read", "ms"]);
  for (const word of ["lighthouse", "fishing boat", "砂浜", "nothing like this"]) {
    const { hits, rowsRead, ms } = await measure(() => scan(word));
    lines.push(tableRow(`\`${word}\``, hits, rowsRead, ms));
  }
  return lines;
}

function indexTable(filled: IndexFigures[]): string[] {
  const lines = tableHeader(["documents"], ["documents per second", "bytes per document"]);
  for (const { documents, seconds, bytes } of filled) {
    lines.push(
      tableRow(documents.toLocaleString("en"), Math.round(documents / seconds), Math.round(bytes / documents)),
    );
  }
  return lines;
}

it("measures text searches", { timeout: 3_600_000 }, async ({ task }) => {
  const libraries = LIBRARY_ASSETS.map((count) => ({ libraryId: newId("library"), count }));
  const filled: IndexFigures[] = [];
  for (const { libraryId, count } of libraries) filled.push(await fillIndex(libraryId, count));
  const tables = [
    { title: "Text searches", lines: await searchTable(libraries) },
    { title: "Scans", lines: await scanTable() },
    { title: "Text index", lines: indexTable(filled) },
  ];
  for (const { title, lines } of tables) console.log(`\n${title}\n${lines.join("\n")}`);
  Object.assign(task.meta, { figures: { tables } });
});
