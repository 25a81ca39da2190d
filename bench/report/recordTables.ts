/** Stores the tables of a separate benchmark and renders the pages that show them. */
import { readEnvironment } from "./environment.ts";
import { type Tables, writeFigures } from "./figures.ts";
import { readAllFigures, writePages } from "./pages.ts";

export function recordTables(name: string, tables: Tables["tables"]): void {
  writeFigures("tables", { environment: readEnvironment(), tables }, name);
  writePages(readAllFigures());
}
