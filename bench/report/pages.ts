/** Writes or checks the pages that are rendered from the figures: results, plot, and marked blocks of other pages. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { browsingTable, freePlanTable, billTable, billDetails, countTable } from "./costTables.ts";
import { hasFigures, readFigures } from "./figures.ts";
import { withoutPadding } from "./markdown.ts";
import { drawPlot } from "./plot.ts";
import { type AllFigures, billInput, growthTable, limitsTable, resultsPage } from "./resultsPage.ts";

const RESULTS_PATH = "bench/results.md";
const PLOT_PATH = "bench/results.svg";
const PAGES_WITH_BLOCKS = ["bench/README.md", "docs/costs.md"];

/** A block of a page: `<!-- figures: NAME -->`, the figures, `<!-- end -->`. */
const BLOCK = /<!-- figures: ([\w: ,=-]+) -->\n[\s\S]*?<!-- end -->/g;

export function readAllFigures(): AllFigures {
  return { results: readFigures("results"), counts: readFigures("counts"), growth: readFigures("growth") };
}

function printedTable(name: string, title: string): string {
  if (!hasFigures(name)) return `Run \`npm run bench:${name}\`.`;
  const { environment, tables } = readFigures("tables", name);
  const table = tables.find((entry) => entry.title === title);
  if (table === undefined) throw new Error(`bench/figures/${name}.json has no table "${title}"`);
  return `Measured on ${environment.date}, commit ${environment.commit}.\n\n${table.lines.join("\n")}`;
}

function blockText(name: string, figures: AllFigures): string {
  const input = billInput(figures);
  const blocks: Record<string, () => string> = {
    limits: () => limitsTable(figures),
    counts: () => countTable(figures.counts),
    growth: () => growthTable(figures.growth),
    bill: () => billTable(input),
    "bill images": () => billDetails(input, "images"),
    "bill worker": () => billDetails(input, "worker"),
    browsing: browsingTable,
    "free plan": () => freePlanTable(input),
  };
  const block = blocks[name];
  if (block !== undefined) return block();
  const [source = "", title = ""] = name.split(": ");
  return printedTable(source, title);
}

/** Replaces the contents of a page's blocks by `render` of their names. */
export function fillBlocks(page: string, render: (name: string) => string): string {
  return page.replaceAll(BLOCK, (_, name: string) => `<!-- figures: ${name} -->\n\n${render(name)}\n\n<!-- end -->`);
}

export function renderPages(figures: AllFigures): Map<string, string> {
  const pages = new Map([
    [RESULTS_PATH, resultsPage(figures)],
    [PLOT_PATH, drawPlot(figures.results, figures.growth)],
  ]);
  for (const path of PAGES_WITH_BLOCKS) {
    pages.set(
      path,
      fillBlocks(readFileSync(path, "utf8"), (name) => blockText(name, figures)),
    );
  }
  return pages;
}

export function writePages(figures: AllFigures): void {
  const pages = renderPages(figures);
  for (const [path, text] of pages) writeFileSync(path, text);
  const markdown = [...pages.keys()].filter((path) => path.endsWith(".md"));
  execFileSync(process.execPath, ["node_modules/oxfmt/bin/oxfmt", ...markdown], { stdio: "inherit" });
}

/** Paths of pages that differ from their figures. */
export function outdatedPages(figures: AllFigures): string[] {
  return [...renderPages(figures)]
    .filter(([path, text]) => withoutPadding(readFileSync(path, "utf8")) !== withoutPadding(text))
    .map(([path]) => path);
}
