/**
 * Borders as rings of coordinates: of countries by ISO 3166-1 code, and of the states of the US. Which code disputed land
 * gets follows ISO 3166 and GeoNames where the border data follow who controls it.
 */
import { borders } from "@rapideditor/country-coder";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { clippedRing, type Ring } from "./clip.ts";

export interface Area {
  /** `FR`, or for a state GeoNames' `US.CA`. */
  code: string;
  /** Outlines and holes alike: a point is inside when it is inside an odd number of them. */
  rings: Ring[];
}

/** Features whose own groups say otherwise: Crimea is UA-43 in ISO 3166-2; Northern Cyprus has no code. */
const codeOfFeature: Record<string, string> = { Q7835: "UA", Q23681: "CY" };
/** The southern border of Morocco; what is beyond is Western Sahara, EH. */
const MOROCCO_ENDS = 27 + 40 / 60;
/** The halves of Chukotka and of Wrangel Island are cut a little off the date line, and would leave a gap of no country. */
const DATE_LINE_SLACK_DEGREES = 0.02;
/** States of islands beyond counting: the outline of their waters stands for the coasts. */
const stateOfFeature: Record<string, string> = { Q797: "Alaska", Q782: "Hawaii" };

const feature = z.object({
  properties: z.object({
    id: z.string(),
    iso1A2: z.string().optional(),
    isoStatus: z.string().optional(),
    country: z.string().optional(),
    groups: z.array(z.string()),
  }),
  geometry: z.object({ coordinates: z.array(z.array(z.array(z.tuple([z.number(), z.number()])))) }).nullable(),
});
type Feature = z.infer<typeof feature>;

const { features } = z.object({ features: z.array(feature) }).parse(borders);
const codes = new Set(
  features
    .filter(({ properties }) => properties.isoStatus === "official" || properties.isoStatus === "usrAssn")
    .map(({ properties }) => properties.iso1A2),
);

/** Its own code where that is one of a country or a territory, else that of the smallest that it is part of. */
function codeOf({ properties }: Feature): string | null {
  const own = [codeOfFeature[properties.id], properties.iso1A2, ...properties.groups, properties.country];
  return own.find((code) => code !== undefined && codes.has(code)) ?? null;
}

function ringsOf({ geometry }: Feature): Ring[] {
  return (geometry?.coordinates.flat() ?? []).map((ring) => ring.map(([x, y]): Ring[number] => [onDateLine(x), y]));
}

function onDateLine(longitude: number): number {
  return Math.abs(longitude) > 180 - DATE_LINE_SLACK_DEGREES ? Math.sign(longitude) * 180 : longitude;
}

export function countryBorders(): Area[] {
  const areas: Area[] = [];
  for (const one of features) {
    const code = codeOf(one);
    if (code === null || one.geometry === null) continue;
    const rings = ringsOf(one);
    if (code === "MA") areas.push(...withoutWesternSahara(rings));
    else areas.push({ code, rings });
  }
  return areas;
}

function withoutWesternSahara(rings: Ring[]): Area[] {
  const part = (south: number, north: number): Ring[] =>
    rings.map((ring) => clippedRing(ring, { west: -180, east: 180, south, north })).filter((ring) => ring.length > 0);
  return [
    { code: "MA", rings: part(MOROCCO_ENDS, 90) },
    { code: "EH", rings: part(-90, MOROCCO_ENDS) },
  ];
}

const topology = z.object({
  transform: z.object({
    scale: z.tuple([z.number(), z.number()]),
    translate: z.tuple([z.number(), z.number()]),
  }),
  arcs: z.array(z.array(z.tuple([z.number(), z.number()]))),
  objects: z.object({
    states: z.object({
      geometries: z.array(
        z.object({
          // A Polygon's outlines, or a MultiPolygon's polygons of outlines.
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

/** The Census Bureau's, out of TopoJSON: arcs that neighbours share, as steps on a grid. And two by their waters. */
export function stateBorders(divisionNames: Map<string, string>): Area[] {
  const { transform, arcs, objects } = topology.parse(
    JSON.parse(readFileSync(join("node_modules", "us-atlas", "states-10m.json"), "utf8")),
  );
  const lines = arcs.map((steps): Ring => {
    let x = 0;
    let y = 0;
    return steps.map(([right, up]) => {
      x += right;
      y += up;
      return [x * transform.scale[0] + transform.translate[0], y * transform.scale[1] + transform.translate[1]];
    });
  });
  /** A negative number is an arc backwards. */
  const line = (arc: number): Ring => (arc < 0 ? (lines[~arc] ?? []).toReversed() : (lines[arc] ?? []));
  const codeOfName = new Map(
    [...divisionNames].filter(([code]) => code.startsWith("US.")).map(([code, name]) => [name, code]),
  );
  const ringsOfName = new Map(
    objects.states.geometries.map(({ arcs: polygons, properties }): [string, Ring[]] => [
      properties.name,
      polygons.flat().map((outline) => outline.flatMap(line)),
    ]),
  );
  for (const one of features) {
    const name = stateOfFeature[one.properties.id];
    if (name !== undefined) ringsOfName.set(name, ringsOf(one));
  }
  // The territories have codes of their own in ISO 3166-1, and none here.
  return [...ringsOfName].flatMap(([name, rings]) => {
    const code = codeOfName.get(name);
    return code === undefined ? [] : [{ code, rings }];
  });
}
