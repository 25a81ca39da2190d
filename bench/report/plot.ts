/** Draws the results as an SVG: ratios to the platform with their limits, the import, and growth of the reads. */
import type { Figures, Results } from "./figures.ts";
import { rounded } from "./markdown.ts";
import { IMPORT_RATIO_LIMIT, importRatio, inFlightOf, platformRatio, RATIO_LIMITS } from "./ratios.ts";

const WIDTH = 860;
const LABEL_WIDTH = 220;
const BAR_HEIGHT = 14;
const ROW_HEIGHT = 20;
const TITLE_HEIGHT = 40;
const COLOURS = ["#2f6f9f", "#5b9bc8", "#9cc4e0"];
const LIMIT_COLOUR = "#c0392b";

interface Bar {
  label: string;
  value: number;
  text: string;
  colour: string;
  limit: number | null;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function textAt(x: number, y: number, text: string, attributes = ""): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escapeXml(text)}</text>`;
}

/** One panel of horizontal bars; returns its elements and its height. */
function barPanel(title: string, bars: Bar[], top: number): { elements: string[]; height: number } {
  const plotWidth = WIDTH - LABEL_WIDTH - 80;
  const max = Math.max(...bars.map(({ value, limit }) => Math.max(value, limit ?? 0))) * 1.05;
  const x = (value: number): number => LABEL_WIDTH + (value / max) * plotWidth;
  const elements = [textAt(10, top + 24, title, 'font-weight="bold"')];
  for (const [index, { label, value, text, colour, limit }] of bars.entries()) {
    const y = top + TITLE_HEIGHT + index * ROW_HEIGHT;
    elements.push(
      textAt(LABEL_WIDTH - 8, y + 11, label, 'text-anchor="end"'),
      `<rect x="${LABEL_WIDTH}" y="${y}" width="${(x(value) - LABEL_WIDTH).toFixed(1)}" height="${BAR_HEIGHT}" fill="${colour}"/>`,
      textAt(Math.max(x(value), x(limit ?? 0)) + 6, y + 11, text),
    );
    if (limit === null) continue;
    const limitX = x(limit).toFixed(1);
    elements.push(
      `<line x1="${limitX}" x2="${limitX}" y1="${y - 2}" y2="${y + BAR_HEIGHT + 2}" stroke="${LIMIT_COLOUR}" stroke-width="2"/>`,
    );
  }
  return { elements, height: TITLE_HEIGHT + bars.length * ROW_HEIGHT + 10 };
}

function ratioBars(results: Results): Bar[] {
  return RATIO_LIMITS.flatMap(({ work, title, limit }) =>
    inFlightOf(results).map((inFlight, index) => {
      const value = platformRatio(results, work, inFlight);
      const label = `${title}, ${inFlight} in flight`;
      return { label, value, text: value.toFixed(2), colour: COLOURS[index] ?? "#999", limit };
    }),
  );
}

function importBars(results: Results): Bar[] {
  return ["RENDERER=images", "RENDERER=worker"].map((name, index) => {
    const value = importRatio(results, name);
    return { label: name, value, text: value.toFixed(2), colour: COLOURS[index] ?? "#999", limit: IMPORT_RATIO_LIMIT };
  });
}

function growthBars({ rows }: Figures<"growth">): Bar[] {
  const sizes = [...new Set(rows.map(({ assets }) => assets))];
  return [...new Set(rows.map(({ work }) => work))].flatMap((work) =>
    sizes.map((assets, index) => {
      const value = rows.find((row) => row.work === work && row.assets === assets)?.p50Ms ?? 0;
      const label = index === 0 ? `${work}, 10,000` : assets.toLocaleString("en-US");
      return { label, value, text: `${rounded(value)} ms`, colour: COLOURS[index] ?? "#999", limit: null };
    }),
  );
}

export function drawPlot(results: Results, growth: Figures<"growth">): string {
  const elements: string[] = [];
  let top = 0;
  const panels: [title: string, bars: Bar[]][] = [
    ["Time of a request as a multiple of the platform's (red: limit)", ratioBars(results)],
    ["200 photos until all images exist, as a multiple of the baseline (red: limit)", importBars(results)],
    ["Median time of a request by assets in the library", growthBars(growth)],
  ];
  for (const [title, bars] of panels) {
    const panel = barPanel(title, bars, top);
    elements.push(...panel.elements);
    top += panel.height;
  }
  const style = 'font-family="system-ui, sans-serif" font-size="12" fill="#222"';
  const size = `width="${WIDTH}" height="${top}" viewBox="0 0 ${WIDTH} ${top}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${style}>\n<rect width="100%" height="100%" fill="#fff"/>\n${elements.join("\n")}\n</svg>\n`;
}
