/** Longitude and latitude; the last point connects to the first. */
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

/** Sutherland-Hodgman polygon clipping (1974). Empty if the ring is outside; added edges run along the box. */
export function clipRing(ring: Ring, { west, south, east, north }: Box): Ring {
  const edges: Edge[] = [
    { axis: 0, at: west, keepsLess: false },
    { axis: 0, at: east, keepsLess: true },
    { axis: 1, at: south, keepsLess: false },
    { axis: 1, at: north, keepsLess: true },
  ];
  return edges.reduce(clipAtEdge, ring);
}

function clipAtEdge(ring: Ring, edge: Edge): Ring {
  const kept: Ring = [];
  let from = ring.at(-1);
  for (const to of ring) {
    if (from !== undefined && isInside(from, edge) !== isInside(to, edge)) kept.push(intersection(from, to, edge));
    if (isInside(to, edge)) kept.push(to);
    from = to;
  }
  return kept;
}

function isInside(point: [number, number], { axis, at, keepsLess }: Edge): boolean {
  return keepsLess ? point[axis] <= at : point[axis] >= at;
}

function intersection(from: [number, number], to: [number, number], { axis, at }: Edge): [number, number] {
  const other = axis === 0 ? 1 : 0;
  const ratio = (at - from[axis]) / (to[axis] - from[axis]);
  const value = from[other] + ratio * (to[other] - from[other]);
  return axis === 0 ? [at, value] : [value, at];
}

export function boundingBox(ring: Ring): Box {
  const box = { west: 180, south: 90, east: -180, north: -90 };
  for (const [x, y] of ring) {
    box.west = Math.min(box.west, x);
    box.east = Math.max(box.east, x);
    box.south = Math.min(box.south, y);
    box.north = Math.max(box.north, y);
  }
  return box;
}

/** Delta-encodes a ring: the first corner, then the differences between corners, in units of 1 / `stepsPerDegree`. */
export function encodeRing(ring: Ring, stepsPerDegree: number): number[] {
  let [x, y] = [0, 0];
  return ring.flatMap(([longitude, latitude]) => {
    const [fromX, fromY] = [x, y];
    [x, y] = [Math.round(longitude * stepsPerDegree), Math.round(latitude * stepsPerDegree)];
    return [x - fromX, y - fromY];
  });
}
