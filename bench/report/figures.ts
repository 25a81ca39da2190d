/** The measured figures, as stored in bench/figures/. Pages are rendered from them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { countNames } from "../counts/countedStep.ts";

const environmentSchema = z.object({
  date: z.string(),
  commit: z.string(),
  machine: z.string(),
  versions: z.string(),
});

export type Environment = z.infer<typeof environmentSchema>;

const loadSchema = z.object({
  perSecond: z.number(),
  p50Ms: z.number(),
  p95Ms: z.number(),
  cpuMs: z.number(),
  requests: z.number(),
});

const importSchema = z.object({
  photos: z.number(),
  uploadedS: z.number(),
  completeS: z.number(),
  cpuMs: z.number(),
});

export const importNames = ["baseline", "RENDERER=images", "RENDERER=worker"] as const;
export type ImportName = (typeof importNames)[number];

const resultsSchema = z.object({
  environment: environmentSchema,
  sizes: z.array(z.object({ work: z.string(), system: z.string(), bytes: z.number() })),
  cells: z.array(z.object({ work: z.string(), system: z.string(), inFlight: z.number(), loads: z.array(loadSchema) })),
  imports: z.array(z.object({ name: z.enum(importNames), rounds: z.array(importSchema) })),
  cpu: z.object({
    startMs: z.number(),
    requests: z.array(z.object({ name: z.string(), title: z.string(), firstMs: z.number(), laterMs: z.number() })),
  }),
});

export type Results = z.infer<typeof resultsSchema>;

const countsSchema = z.object({
  steps: z.array(z.object({ subject: z.string(), step: z.string(), counts: z.record(z.enum(countNames), z.number()) })),
  databaseBytesPerPhoto: z.number(),
  derivedBytesPerPhoto: z.number(),
});

const growthSchema = z.object({
  rows: z.array(
    z.object({
      work: z.string(),
      assets: z.number(),
      rowsRead: z.number(),
      roundTrips: z.number(),
      p50Ms: z.number(),
    }),
  ),
});

/** Tables that a separate benchmark prints: title and lines of Markdown. */
const tablesSchema = z.object({
  environment: environmentSchema,
  tables: z.array(z.object({ title: z.string(), lines: z.array(z.string()) })),
});

export type Tables = z.infer<typeof tablesSchema>;

const schemas = { results: resultsSchema, counts: countsSchema, growth: growthSchema, tables: tablesSchema };

type FiguresKind = keyof typeof schemas;
export type Figures<K extends FiguresKind> = z.infer<(typeof schemas)[K]>;

const pathOf = (name: string): string => `bench/figures/${name}.json`;

export function hasFigures(name: string): boolean {
  return existsSync(pathOf(name));
}

export function parseFigures<K extends FiguresKind>(kind: K, value: unknown): Figures<K> {
  return schemas[kind].parse(value) as Figures<K>;
}

export function readFigures<K extends FiguresKind>(kind: K, name: string = kind): Figures<K> {
  return parseFigures(kind, JSON.parse(readFileSync(pathOf(name), "utf8")));
}

/** Keeps three decimals: more are noise. */
function roundNumber(_key: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toFixed(3)) : value;
}

export function writeFigures<K extends FiguresKind>(kind: K, figures: Figures<K>, name: string = kind): void {
  writeFileSync(pathOf(name), `${JSON.stringify(figures, roundNumber, 2)}\n`);
}
