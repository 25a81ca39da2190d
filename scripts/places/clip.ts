/** Outlines: their boxes, their steps in whole numbers, and how they are cut. Knows nothing of what they outline. */

/** Longitude and latitude; the last point joins the first. */
export type Ring = [number, number][];

export interface Box {
  west: number;
  south: number;
  east: number;
  north: number;
}

interface Edge {
  axis: 0 | 1;
  at: number;
  keepsLess: boolean;
}

/** Sutherland and Hodgman, 1974. Empty where nothing of it is inside; what the cut adds runs along the box's own edges. */
export function clippedRing(ring: Ring, { west, south, east, north }: Box): Ring {
  const edges: Edge[] = [
    { axis: 0, at: west, keepsLess: false },
    { axis: 0, at: east, keepsLess: true },
    { axis: 1, at: south, keepsLess: false },
    { axis: 1, at: north, keepsLess: true },
  ];
  return edges.reduce(clippedAt, ring);
}

function clippedAt(ring: Ring, edge: Edge): Ring {
  const kept: Ring = [];
  let from = ring.at(-1);
  for (const to of ring) {
    if (from !== undefined && isInside(from, edge) !== isInside(to, edge)) kept.push(crossing(from, to, edge));
    if (isInside(to, edge)) kept.push(to);
    from = to;
  }
  return kept;
}

function isInside(point: [number, number], { axis, at, keepsLess }: Edge): boolean {
  return keepsLess ? point[axis] <= at : point[axis] >= at;
}

function crossing(from: [number, number], to: [number, number], { axis, at }: Edge): [number, number] {
  const other = axis === 0 ? 1 : 0;
  const share = (at - from[axis]) / (to[axis] - from[axis]);
  const across = from[other] + share * (to[other] - from[other]);
  return axis === 0 ? [at, across] : [across, at];
}

export function boxOf(ring: Ring): Box {
  const box = { west: 180, south: 90, east: -180, north: -90 };
  for (const [x, y] of ring) {
    box.west = Math.min(box.west, x);
    box.east = Math.max(box.east, x);
    box.south = Math.min(box.south, y);
    box.north = Math.max(box.north, y);
  }
  return box;
}

/** The first corner, then the way from each to the next, in whole `stepsPerDegree`. */
export function steps(ring: Ring, stepsPerDegree: number): number[] {
  let [x, y] = [0, 0];
  return ring.flatMap(([longitude, latitude]) => {
    const [fromX, fromY] = [x, y];
    [x, y] = [Math.round(longitude * stepsPerDegree), Math.round(latitude * stepsPerDegree)];
    return [x - fromX, y - fromY];
  });
}
