import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { MAX_NAME_BYTES } from "../../../src/kernel/textLimits.ts";
import { personSchema } from "../../../src/routes/people/schemas.ts";
import { expectError } from "../../support/clients/responses.ts";
import { newPeopleClient, type PeopleClient } from "../../support/clients/people.ts";
import { findInconsistencies } from "../../support/rows/consistency.ts";

let me: PeopleClient;
beforeEach(async () => {
  me = await newPeopleClient();
});
afterEach(async () => {
  expect(await findInconsistencies()).toEqual({});
});

const post = async (json: unknown) => await me.send("POST", "/api/people", { json });
const patch = async (id: string, json: unknown) => await me.send("PATCH", `/api/people/${id}`, { json });

describe("POST /api/people", () => {
  it("creates a person with the given fields and an event", async () => {
    const fields = { name: " Ada  Lovelace ", birth_date: "1815-12-10", is_favorite: true, is_hidden: true };
    const person = await me.newPerson(fields);
    expect(person).toMatchObject({ ...fields, name: "Ada  Lovelace", thumbnail_face_id: null, asset_urls: null });
    expect(person).toMatchObject({ asset_count: 0, cluster_metrics: null });
    expect(await me.getPerson(person.id)).toEqual(person);
    expect(await me.takeEvents()).toEqual([{ event_type: "person_created", entity_id: person.id, payload: null }]);
  });

  it("creates an unnamed person each time", async () => {
    const people = [await me.newPerson(), await me.newPerson({ name: null, is_favorite: null, is_hidden: null })];
    expect(new Set(people.map(({ id }) => id)).size).toBe(2);
    expect(people.map(({ name, is_favorite, is_hidden }) => [name, is_favorite, is_hidden])).toEqual([
      [null, false, false],
      [null, false, false],
    ]);
  });

  it("returns the person who has the name and every given field, hidden ones too", async () => {
    const person = await me.newPerson({ name: "Zoë", birth_date: "2000-02-29", is_hidden: true });
    await me.takeEvents();
    for (const json of [
      { name: " zoë " },
      { name: "ZOE\u0308", birth_date: "2000-02-29" },
      { name: "Zoë", is_hidden: true, is_favorite: false },
    ]) {
      const response = await post(json);
      expect([response.status, personSchema.parse(await response.json())]).toEqual([200, person]);
    }
    expect(await me.takeEvents()).toEqual([]);
  });

  it("answers 409 for good to a taken name with another field", async () => {
    await me.newPerson({ name: "Ada" });
    for (const fields of [{ birth_date: "2000-01-01" }, { is_favorite: true }, { is_hidden: true }]) {
      const response = await post({ name: "ada", ...fields });
      expect(response.headers.get("x-should-retry")).toBe("false");
      await expectError(response, 409);
    }
  });

  it("tells names apart that differ in accents", async () => {
    await me.newPerson({ name: "Zoe" });
    expect((await post({ name: "Zoë" })).status).toBe(201);
  });

  it("lets another library have the same name", async () => {
    await me.newPerson({ name: "Ada" });
    const other = await newPeopleClient();
    expect((await other.newPerson({ name: "Ada" })).name).toBe("Ada");
  });

  it.each([
    ["a blank name", { name: " \t" }],
    ["an empty name", { name: "" }],
    ["a name over the limit", { name: "é".repeat(MAX_NAME_BYTES / 2 + 1) }],
    ["a day that does not exist", { birth_date: "2001-02-29" }],
    ["a date with a time", { birth_date: "2001-02-03T00:00:00Z" }],
    ["a date in another format", { birth_date: "02/03/2001" }],
    ["the year 0", { birth_date: "0000-01-01" }],
    ["a favourite that is no boolean", { is_favorite: "yes" }],
    ["a malformed portrait", { thumbnail_face_id: "face_1" }],
  ])("rejects %s with 422", async (_, json) => {
    await expectError(await post(json), 422);
  });

  it("accepts the longest name and the first and last days of a calendar", async () => {
    const name = "é".repeat(MAX_NAME_BYTES / 2);
    expect(await me.newPerson({ name, birth_date: "0001-01-01" })).toMatchObject({ name, birth_date: "0001-01-01" });
    expect(await me.newPerson({ birth_date: "9999-12-31" })).toMatchObject({ birth_date: "9999-12-31" });
  });

  it("takes an unassigned face of the library as the portrait, and no other one", async () => {
    const [asset = ""] = await me.newAssets([{}]);
    const [free, taken] = [await me.newFace(asset), await me.newFace(asset, (await me.newPerson()).id)];
    const person = await me.newPerson({ thumbnail_face_id: free.id });
    expect(person.thumbnail_face_id).toBe(free.id);
    expect(Object.keys(person.asset_urls ?? {})).toEqual(["thumbnail"]);
    await expectError(await post({ thumbnail_face_id: taken.id }), 422);
    await expectError(await post({ thumbnail_face_id: newId("face") }), 404);
    const other = await newPeopleClient();
    const [foreignAsset = ""] = await other.newAssets([{}]);
    await expectError(await post({ thumbnail_face_id: (await other.newFace(foreignAsset)).id }), 404);
    expect((await me.listPeople("name_filter=all")).data).toHaveLength(2);
  });

  it("answers a repeated Idempotency-Key with the first person", async () => {
    const send = async (json: unknown) =>
      await me.send("POST", "/api/people", { json, headers: { "idempotency-key": "person-1" } });
    const [first, second] = [await send({ birth_date: "1990-01-01" }), await send({ birth_date: "1990-01-01" })];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(await second.json()).toEqual(await first.json());
    await expectError(await send({ birth_date: "1990-01-02" }), 422);
    expect(await me.takeEvents()).toHaveLength(1);
  });

  it("creates one person for two requests of one name at once", async () => {
    const responses = await Promise.all(Array.from({ length: 5 }, async () => await post({ name: "Ada" })));
    const created = responses.filter(({ status }) => status === 201);
    expect([created.length, responses.every(({ ok }) => ok)]).toEqual([1, true]);
    expect((await me.listPeople()).data).toHaveLength(1);
  });
});

describe("PATCH /api/people/{person_id}", () => {
  it("changes the given fields only, with one event", async () => {
    const person = await me.newPerson({ name: "Ada", birth_date: "1815-12-10", is_favorite: true });
    await me.takeEvents();
    const response = await patch(person.id, { is_hidden: true, name: " Augusta " });
    const updated = personSchema.parse(await response.json());
    expect(updated).toEqual({ ...person, name: "Augusta", is_hidden: true, updated_at: updated.updated_at });
    expect(await me.takeEvents()).toEqual([{ event_type: "person_updated", entity_id: person.id, payload: null }]);
  });

  it("clears the name, the birth date and the portrait with null", async () => {
    const [asset = ""] = await me.newAssets([{}]);
    const face = await me.newFace(asset);
    const person = await me.newPerson({ name: "Ada", birth_date: "1815-12-10", thumbnail_face_id: face.id });
    await patch(person.id, { name: null, birth_date: null, thumbnail_face_id: null });
    expect(await me.getPerson(person.id)).toMatchObject({ name: null, birth_date: null, thumbnail_face_id: null });
    expect((await post({ name: "Ada" })).status).toBe(201);
  });

  it("writes nothing if no field changes", async () => {
    const person = await me.newPerson({ name: "Ada", birth_date: "1815-12-10" });
    await me.takeEvents();
    for (const json of [
      {},
      { name: "Ada" },
      { birth_date: "1815-12-10", is_favorite: false, thumbnail_face_id: null },
    ]) {
      expect(personSchema.parse(await (await patch(person.id, json)).json())).toEqual(person);
    }
    expect(await me.takeEvents()).toEqual([]);
  });

  it("answers 409 for good to a name that another person has, hidden ones too", async () => {
    await me.newPerson({ name: "Ada", is_hidden: true });
    const person = await me.newPerson({ name: "Eve" });
    const response = await patch(person.id, { name: "ADA", is_favorite: true });
    expect(response.headers.get("x-should-retry")).toBe("false");
    await expectError(response, 409);
    expect(await me.getPerson(person.id)).toEqual(person);
  });

  it("gives a name to one of 20 people who are renamed at once", async () => {
    const people = await Promise.all(Array.from({ length: 20 }, async () => await me.newPerson()));
    const responses = await Promise.all(people.map(async ({ id }) => await patch(id, { name: "Ada" })));
    const statuses = responses.map(({ status }) => status);
    expect([statuses.filter((status) => status === 200), statuses.filter((status) => status === 409).length]).toEqual([
      [200],
      19,
    ]);
  });

  it("changes the case of the own name", async () => {
    const person = await me.newPerson({ name: "ada" });
    expect(personSchema.parse(await (await patch(person.id, { name: "ADA" })).json()).name).toBe("ADA");
  });

  it.each([
    ["a null favourite", { is_favorite: null }],
    ["a null visibility", { is_hidden: null }],
    ["a blank name", { name: "" }],
    ["a wrong date", { birth_date: "1990-13-01" }],
  ])("rejects %s with 422", async (_, json) => {
    const person = await me.newPerson({ name: "Ada" });
    await expectError(await patch(person.id, json), 422);
  });

  it("takes a face of the person or an unassigned one as the portrait, and no other one", async () => {
    const [asset = ""] = await me.newAssets([{}]);
    const [person, other] = [await me.newPerson(), await me.newPerson()];
    const [own, free, foreign] = [
      await me.newFace(asset, person.id),
      await me.newFace(asset),
      await me.newFace(asset, other.id),
    ];
    for (const { id } of [own, free]) {
      expect(await (await patch(person.id, { thumbnail_face_id: id })).json()).toMatchObject({ thumbnail_face_id: id });
    }
    await expectError(await patch(person.id, { thumbnail_face_id: foreign.id }), 422);
    await expectError(await patch(person.id, { thumbnail_face_id: newId("face") }), 404);
    expect((await me.getPerson(person.id)).thumbnail_face_id).toBe(free.id);
  });

  it("shows the best face on a live asset until a portrait is chosen, and while its asset is in the trash", async () => {
    const [first = "", second = ""] = await me.newAssets([{}, {}]);
    const person = await me.newPerson();
    const small = await me.newFace(first, person.id, { x: 0, y: 0, w: 20, h: 20 });
    const large = await me.newFace(second, person.id, { x: 0, y: 0, w: 90, h: 60 });
    const portrait = async () => (await me.getPerson(person.id)).thumbnail_face_id;
    expect(await portrait()).toBe(large.id);
    await patch(person.id, { thumbnail_face_id: small.id });
    expect(await portrait()).toBe(small.id);
    await me.send("POST", "/api/assets/trash", { json: { ids: [first] } });
    expect(await portrait()).toBe(large.id);
    await me.send("POST", "/api/assets/restore", { json: { ids: [first] } });
    expect(await portrait()).toBe(small.id);
    await me.send("DELETE", `/api/assets/${first}`);
    expect(await portrait()).toBe(large.id);
  });

  it("has an event of each person whose portrait, a face of nobody, a trash hides or a restore shows", async () => {
    const [asset = "", other = ""] = await me.newAssets([{}, {}]);
    const [free, own] = [await me.newFace(asset), await me.newFace(other)];
    const people = [
      await me.newPerson({ thumbnail_face_id: free.id }),
      await me.newPerson({ thumbnail_face_id: free.id }),
      await me.newPerson({ thumbnail_face_id: own.id }),
    ];
    const pinned = people.slice(0, 2).map(({ id }) => ({ event_type: "person_updated", entity_id: id, payload: null }));
    await me.takeEvents();
    for (const action of ["trash", "restore"]) {
      await me.send("POST", `/api/assets/${action}`, { json: { ids: [asset] } });
      expect(await me.takeEvents(), action).toEqual(pinned);
    }
  });

  it("is 404 for an unknown person and for one of another tenant", async () => {
    const other = await newPeopleClient();
    for (const id of [newId("person"), (await other.newPerson()).id]) {
      await expectError(await patch(id, { is_favorite: true }), 404);
    }
    await expectError(await patch("person_1", { is_favorite: true }), 422);
  });
});

describe("DELETE /api/people/{person_id}", () => {
  it("leaves the faces without a person, with an event of each", async () => {
    const [asset = ""] = await me.newAssets([{}]);
    const person = await me.newPerson({ name: "Ada" });
    const faces = [await me.newFace(asset, person.id), await me.newFace(asset, person.id)];
    await patch(person.id, { thumbnail_face_id: faces[0]?.id });
    await me.takeEvents();
    const response = await me.send("DELETE", `/api/people/${person.id}`);
    expect([response.status, await response.json()]).toEqual([200, {}]);
    expect(await me.takeEvents()).toEqual([
      ...faces.map(({ id }) => ({
        event_type: "face_updated",
        entity_id: id,
        payload: { person_id: null, previous_person_id: person.id },
      })),
      { event_type: "person_deleted", entity_id: person.id, payload: null },
    ]);
    for (const { id } of faces) expect((await me.getFace(id)).person_id).toBeNull();
    await expectError(await me.send("GET", `/api/people/${person.id}`), 404);
    await expectError(await me.send("DELETE", `/api/people/${person.id}`), 404);
    expect((await post({ name: "Ada" })).status).toBe(201);
  });
});
