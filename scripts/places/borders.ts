/**
 * Borders as rings of coordinates: countries by ISO 3166-1 code, and the states of the US. Disputed land follows
 * ISO 3166 and GeoNames; the border data follow the country in control.
 */
import { borders } from "@rapideditor/country-coder";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { clipRing, type Ring } from "./clipRing.ts";
import { countryCodes } from "./countries.ts";

export interface Area {
  /** `FR`, or for a state GeoNames' `US.CA`. */
  code: string;
  /** Outlines and holes: a point inside an odd number of rings is inside. */
  rings: Ring[];
}

/** Features by Wikidata id whose code differs from their group's: Crimea (UA-43 in ISO 3166-2), Northern Cyprus. */
const codeOverrides: Record<string, string> = { Q7835: "UA", Q23681: "CY" };
/** Latitude of the border between Morocco and Western Sahara (EH). */
const MOROCCO_SOUTH_DEGREES = 27 + 40 / 60;
/** The halves of Chukotka and of Wrangel Island end slightly before the date line, which would leave a gap. */
const DATE_LINE_SLACK_DEGREES = 0.02;
/** States with many small islands: the outline of their waters replaces their coasts. */
const maritimeStates: Record<string, string> = { Q797: "Alaska", Q782: "Hawaii" };

const featureSchema = z.object({
  properties: z.object({
    id: z.string(),
    iso1A2: z.string().optional(),
    country: z.string().optional(),
    groups: z.array(z.string()),
  }),
  geometry: z.object({ coordinates: z.array(z.array(z.array(z.tuple([z.number(), z.number()])))) }).nullable(),
});
type Feature = z.infer<typeof featureSchema>;

const { features } = z.object({ features: z.array(featureSchema) }).parse(borders);

/** The feature's own code if it is a country or territory, else the code of its smallest group that is one. */
function codeOf({ properties }: Feature): string | null {
  const candidates = [codeOverrides[properties.id], properties.iso1A2, ...properties.groups, properties.country];
  return candidates.find((code) => code !== undefined && countryCodes.has(code)) ?? null;
}

function ringsOf({ geometry }: Feature): Ring[] {
  const rings = geometry?.coordinates.flat() ?? [];
  return rings.map((ring) => ring.map(([x, y]): Ring[number] => [snapToDateLine(x), y]));
}

function snapToDateLine(longitude: number): number {
  return Math.abs(longitude) > 180 - DATE_LINE_SLACK_DEGREES ? Math.sign(longitude) * 180 : longitude;
}

export function countryBorders(): Area[] {
  const areas: Area[] = [];
  for (const feature of features) {
    const code = codeOf(feature);
    if (code === null || feature.geometry === null) continue;
    const rings = ringsOf(feature);
    if (code === "MA") areas.push(...splitWesternSahara(rings));
    else areas.push({ code, rings });
  }
  return areas;
}

function splitWesternSahara(rings: Ring[]): Area[] {
  const between = (south: number, north: number): Ring[] =>
    rings.map((ring) => clipRing(ring, { west: -180, east: 180, south, north })).filter((ring) => ring.length > 0);
  return [
    { code: "MA", rings: between(MOROCCO_SOUTH_DEGREES, 90) },
    { code: "EH", rings: between(-90, MOROCCO_SOUTH_DEGREES) },
  ];
}

const topologySchema = z.object({
  transform: z.object({
    scale: z.tuple([z.number(), z.number()]),
    translate: z.tuple([z.number(), z.number()]),
  }),
  arcs: z.array(z.array(z.tuple([z.number(), z.number()]))),
  objects: z.object({
    states: z.object({
      geometries: z.array(
        z.object({
          // Outlines of a Polygon, or polygons of outlines of a MultiPolygon.
          arcs: z.union([
            z.array(z.array(z.number())).transform((outlines) => [outlines]),
            z.array(z.array(z.array(z.number()))),
          ]),
          properties: z.object({ name: z.string() }),
        }),
      ),
    }),
  }),
});

/** Reads the Census Bureau's TopoJSON (shared arcs, quantized and delta-encoded), plus the maritime states. */
export function stateBorders(divisionNames: Map<string, string>): Area[] {
  const { transform, arcs, objects } = topologySchema.parse(
    JSON.parse(readFileSync(join("node_modules", "us-atlas", "states-10m.json"), "utf8")),
  );
  const lines = arcs.map((deltas): Ring => {
    let x = 0;
    let y = 0;
    return deltas.map(([dx, dy]) => {
      x += dx;
      y += dy;
      return [x * transform.scale[0] + transform.translate[0], y * transform.scale[1] + transform.translate[1]];
    });
  });
  /** TopoJSON: a negative index is the one's complement of a reversed arc. */
  const lineOf = (arc: number): Ring => (arc < 0 ? (lines[~arc] ?? []).toReversed() : (lines[arc] ?? []));
  const codeOfName = new Map(
    [...divisionNames].filter(([code]) => code.startsWith("US.")).map(([code, name]) => [name, code]),
  );
  const ringsOfName = new Map(
    objects.states.geometries.map(({ arcs: polygons, properties }): [string, Ring[]] => [
      properties.name,
      polygons.flat().map((outline) => outline.flatMap(lineOf)),
    ]),
  );
  for (const feature of features) {
    const name = maritimeStates[feature.properties.id];
    if (name !== undefined) ringsOfName.set(name, ringsOf(feature));
  }
  // Territories are skipped: they have their own ISO 3166-1 codes instead of division codes.
  return [...ringsOfName].flatMap(([name, rings]) => {
    const code = codeOfName.get(name);
    return code === undefined ? [] : [{ code, rings }];
  });
}
