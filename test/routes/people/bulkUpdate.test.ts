import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { MAX_PERSON_UPDATES } from "../../../src/routes/people/schemas.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { newPeopleClient, type PeopleClient, type PersonResponse } from "../../support/clients/people.ts";
import { expectError } from "../../support/clients/responses.ts";
import { findInconsistencies } from "../../support/rows/consistency.ts";
import { insertPerson } from "../../support/rows/personAssets.ts";

let me: PeopleClient;
let ada: PersonResponse;
let eve: PersonResponse;
let unnamed: PersonResponse;
beforeEach(async () => {
  me = await newPeopleClient();
  [ada, eve, unnamed] = [
    await me.newPerson({ name: "Ada" }),
    await me.newPerson({ name: "Eve" }),
    await me.newPerson(),
  ];
  await me.takeEvents();
});
afterEach(async () => {
  expect(await findInconsistencies()).toEqual({});
});

type Change = Record<string, unknown>;
const bulk = async (...updates: [id: string, change: Change][]) =>
  await me.send("POST", "/api/people/bulk-update", {
    json: { updates: updates.map(([id, change]) => ({ id, change })) },
  });
const namesOf = async (): Promise<(string | null)[]> =>
  (await Promise.all([ada, eve, unnamed].map(async ({ id }) => await me.getPerson(id)))).map(({ name }) => name);

describe("POST /api/people/bulk-update", () => {
  it("changes different fields of different people, with an event of each that changes", async () => {
    const response = await bulk(
      [eve.id, { name: "Eva", is_favorite: true }],
      [ada.id, { birth_date: "1815-12-10", unknown_field: 1 }],
      [unnamed.id, { is_hidden: false }],
    );
    expect([response.status, await response.json()]).toEqual([200, {}]);
    expect(await me.getPerson(eve.id)).toMatchObject({ name: "Eva", is_favorite: true, birth_date: null });
    expect(await me.getPerson(ada.id)).toMatchObject({ name: "Ada", is_favorite: false, birth_date: "1815-12-10" });
    expect(await me.getPerson(unnamed.id)).toEqual(unnamed);
    expect(await me.takeEvents()).toEqual(
      [eve.id, ada.id].map((entity_id) => ({ event_type: "person_updated", entity_id, payload: null })),
    );
  });

  it("lets a person take the name that an earlier item gives up", async () => {
    expect(
      (await bulk([eve.id, { name: "Grace" }], [ada.id, { name: "EVE" }], [unnamed.id, { name: "ada" }])).status,
    ).toBe(200);
    expect(await namesOf()).toEqual(["EVE", "Grace", "ada"]);
    expect((await bulk([ada.id, { name: null }], [eve.id, { name: "Eve" }])).status).toBe(200);
    expect(await namesOf()).toEqual([null, "Eve", "ada"]);
  });

  it.each([
    [
      "two people exchange their names",
      () => [
        [ada.id, { name: "Eve" }],
        [eve.id, { name: "Ada" }],
      ],
    ],
    [
      "a name is given up by a later item",
      () => [
        [unnamed.id, { name: "Ada" }],
        [ada.id, { name: "Grace" }],
      ],
    ],
    [
      "two people get one name",
      () => [
        [ada.id, { name: "Grace" }],
        [unnamed.id, { name: "GRACE " }],
      ],
    ],
    [
      "another person has the name",
      () => [
        [ada.id, { is_favorite: true }],
        [unnamed.id, { name: "eve" }],
      ],
    ],
  ] as [string, () => [string, Change][]][])("answers 409 for good and changes nobody if %s", async (_, updates) => {
    const response = await bulk(...updates());
    expect(response.headers.get("x-should-retry")).toBe("false");
    await expectError(response, 409);
    expect(await namesOf()).toEqual(["Ada", "Eve", null]);
    expect((await me.getPerson(ada.id)).is_favorite).toBe(false);
    expect(await me.takeEvents()).toEqual([]);
  });

  it("changes nobody if one person is unknown, of another tenant, or listed twice", async () => {
    const other = await newPeopleClient();
    const foreign = await other.newPerson({ name: "Foreign" });
    await expectError(await bulk([ada.id, { name: "X" }], [newId("person"), { name: "Y" }]), 404);
    await expectError(await bulk([ada.id, { name: "X" }], [foreign.id, { is_favorite: true }]), 404);
    await expectError(await bulk([ada.id, { name: "X" }], [ada.id, { is_favorite: true }]), 422);
    await expectError(await bulk([ada.id, { name: "X" }], [eve.id, { is_favorite: null }]), 422);
    expect(await namesOf()).toEqual(["Ada", "Eve", null]);
    expect((await other.getPerson(foreign.id)).is_favorite).toBe(false);
  });

  it("checks each portrait and names the item of a wrong one", async () => {
    const [asset = ""] = await me.newAssets([{}]);
    const face = await me.newFace(asset, eve.id);
    const response = await bulk([eve.id, { thumbnail_face_id: face.id }], [ada.id, { thumbnail_face_id: face.id }]);
    const { detail } = await expectError(response, 422);
    expect(detail).toMatchObject([{ loc: ["body", "updates", 1, "change", "thumbnail_face_id"] }]);
    expect((await bulk([eve.id, { thumbnail_face_id: face.id }])).status).toBe(200);
  });

  it("takes 200 items in two round trips, and no more items", async () => {
    const ids = await Promise.all(Array.from({ length: MAX_PERSON_UPDATES }, async () => await insertPerson(me)));
    const updates = ids.map((id, i) => ({ id, change: { name: `Person ${i}`, is_hidden: true } }));
    const counted = countingD1(env.DB);
    const send = async (json: unknown) =>
      await me.send("POST", "/api/people/bulk-update", { json, env: { DB: counted.binding } });
    expect((await send({ updates })).status).toBe(200);
    // Besides the authentication.
    expect(counted.counts.roundTrips).toBeLessThanOrEqual(3);
    expect(await me.takeEvents()).toHaveLength(MAX_PERSON_UPDATES);
    await expectError(await send({ updates: [...updates, { id: ada.id, change: {} }] }), 422);
    await expectError(await send({ updates: [] }), 422);
  });

  it("applies concurrent changes of different fields, and one of two equal names", async () => {
    const responses = await Promise.all([
      bulk([ada.id, { is_favorite: true }], [eve.id, { is_favorite: true }]),
      bulk([ada.id, { birth_date: "1815-12-10" }], [unnamed.id, { name: "Grace" }]),
      bulk([eve.id, { name: "Grace" }]),
    ]);
    const statuses = responses.map(({ status }) => status);
    expect(statuses[0]).toBe(200);
    expect([statuses[1], statuses[2]].filter((status) => status === 200)).toHaveLength(1);
    const [first, second] = [await me.getPerson(ada.id), await me.getPerson(eve.id)];
    expect([first.is_favorite, second.is_favorite]).toEqual([true, true]);
    expect(first.birth_date).toBe(statuses[1] === 200 ? "1815-12-10" : null);
  });
});
