/** `npm run bench:report`: renders bench/results.md, its plot and the figures of other pages from bench/figures/. */
import { readAllFigures, writePages } from "./report/pages.ts";

writePages(readAllFigures());
