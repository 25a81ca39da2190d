/** Random requests about people and faces, as part of client.ts. */
import { z } from "zod";

const withId = z.looseObject({ id: z.string() });

interface ClientParts {
  libraryId: string;
  random: { nextInt(limit: number): number };
  /** Ids of uploaded assets. */
  assets: readonly string[];
  send: (name: string, method: string, path: string, json?: unknown) => Promise<Response>;
}

/** Names that people share, in several spellings. */
const NAMES = ["Ada", "ADA ", "Zoë", "zoe", "Eve", null];

/** Returns the actions of one client; they remember the people and faces that it creates. */
export function randomPeopleActions({ libraryId, random, assets, send }: ClientParts): (() => Promise<unknown>)[] {
  const people: string[] = [];
  const faces: string[] = [];
  const pick = (ids: readonly string[]): string | null => ids[random.nextInt(Math.max(1, ids.length))] ?? null;
  const remember = async (response: Response, ids: string[]): Promise<void> => {
    if (!response.ok) return;
    const { id } = withId.parse(await response.json());
    if (!ids.includes(id)) ids.push(id);
  };
  /** Most of the ids that later requests send exist. */
  const forget = (response: Response, ids: string[], id: string): void => {
    const isForgotten = response.ok && ids.includes(id) && random.nextInt(4) > 0;
    if (isForgotten) ids.splice(ids.indexOf(id), 1);
  };
  const createPerson = async (): Promise<void> => {
    const thumbnail_face_id = random.nextInt(4) === 0 ? pick(faces) : null;
    const json = { name: NAMES[random.nextInt(NAMES.length)], thumbnail_face_id, library_id: libraryId };
    await remember(await send("create person", "POST", "/api/people", json), people);
  };
  const change = (): Record<string, unknown> =>
    [
      { name: NAMES[random.nextInt(NAMES.length)] },
      { is_hidden: random.nextInt(2) === 0, is_favorite: random.nextInt(2) === 0 },
      { thumbnail_face_id: pick(faces) },
      { birth_date: `19${10 + random.nextInt(89)}-01-31` },
    ][random.nextInt(4)] ?? {};
  const createFace = async (): Promise<void> => {
    const asset_id = pick(assets);
    if (asset_id === null) return;
    // The files of the simulation have several sizes; a video without a poster has none.
    const bounding_box = {
      x: random.nextInt(8),
      y: random.nextInt(8),
      w: 1 + random.nextInt(9),
      h: 1 + random.nextInt(9),
    };
    const json = { asset_id, bounding_box, person_id: random.nextInt(2) === 0 ? pick(people) : null };
    await remember(await send("create face", "POST", "/api/faces", json), faces);
  };
  return [
    createPerson,
    createPerson,
    createFace,
    createFace,
    createFace,
    createFace,
    async () => {
      const [face, person_id] = [pick(faces), random.nextInt(4) === 0 ? null : pick(people)];
      if (face !== null) await send("assign face", "PATCH", `/api/faces/${face}`, { person_id });
    },
    async () => {
      const face = random.nextInt(3) === 0 ? pick(faces) : null;
      if (face !== null) forget(await send("delete face", "DELETE", `/api/faces/${face}`), faces, face);
    },
    async () => {
      const person = pick(people);
      if (person !== null) await send("update person", "PATCH", `/api/people/${person}`, change());
    },
    async () => {
      const ids = new Set([pick(people), pick(people), pick(people)].filter((id) => id !== null));
      const updates = [...ids].map((id) => ({ id, change: change() }));
      if (updates.length > 0) await send("update people", "POST", "/api/people/bulk-update", { updates });
    },
    async () => {
      const person = pick(people);
      const source = pick(people.filter((id) => id !== person));
      if (person === null || source === null || random.nextInt(2) === 0) return;
      const json = { source_person_ids: [source] };
      forget(await send("merge people", "POST", `/api/people/${person}/merge`, json), people, source);
    },
    async () => {
      const person = random.nextInt(4) === 0 ? pick(people) : null;
      if (person !== null) forget(await send("delete person", "DELETE", `/api/people/${person}`), people, person);
    },
  ];
}
