import { beforeAll, describe, expect, it } from "vitest";
import { MAX_FEEDBACK_PER_USER } from "../../../src/operations/feedback/feedback.ts";
import { feedbackPageSchema } from "../../../src/routes/feedback/schemas.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { call } from "../../support/clients/api.ts";
import { expectError } from "../../support/clients/responses.ts";
import { insertKey, insertUser } from "../../support/clients/tenants.ts";

let sender: { userId: string; token: string; keyId: string };
beforeAll(async () => {
  const userId = await insertUser();
  const { secret, id } = await insertKey({ userId });
  sender = { userId, token: secret, keyId: id };
});

const report = { feedback_type: "bug", message: "The map is empty." };

async function submit(json: unknown, token = sender.token): Promise<Response> {
  return await call("POST", "/api/feedback", { token, json });
}

async function list(query = "") {
  const response = await call("GET", `/api/feedback${query}`);
  expect(response.status).toBe(200);
  return feedbackPageSchema.parse(await response.json());
}

describe("feedback", () => {
  it("is stored for the owner, newest first, with its sender", async () => {
    const full = {
      feedback_type: "missing_capability",
      message: "  No search by colour.  ",
      task_completed: false,
      tool_names: ["search_assets", "list_albums"],
    };
    for (const json of [report, { ...report, task_completed: null, tool_names: null }, full]) {
      const response = await submit(json);
      expect([response.status, await response.json()]).toEqual([200, { status: "submitted" }]);
    }
    const { data, has_more } = await list();
    expect(has_more).toBe(false);
    expect(data.map(({ task_completed, tool_names }) => [task_completed, tool_names])).toEqual([
      [false, full.tool_names],
      [null, []],
      [null, []],
    ]);
    expect(data[0]).toMatchObject({
      id: expect.stringMatching(/^feedback_[2-9A-Za-z]{22}$/),
      user_id: sender.userId,
      actor: sender.keyId,
      feedback_type: "missing_capability",
      message: "No search by colour.",
    });
    const first = await list("?limit=2");
    expect([first.data, first.has_more]).toEqual([data.slice(0, 2), true]);
    expect((await list(`?limit=2&starting_after_id=${first.data[1]?.id}`)).data).toEqual(data.slice(2));
  });

  it("is refused with 422 if a field is missing, unknown, blank or too long", async () => {
    for (const json of [
      {},
      { message: "m" },
      { feedback_type: "bug" },
      { ...report, feedback_type: "praise" },
      { ...report, message: " " },
      { ...report, message: "x".repeat(16 * 1024 + 1) },
      { ...report, task_completed: "yes" },
      { ...report, tool_names: "search" },
      { ...report, tool_names: Array.from({ length: 51 }, () => "t") },
      { ...report, tool_names: ["x".repeat(257)] },
      { ...report, tool_names: [""] },
    ])
      await expectError(await submit(json), 422);
    const longest = { ...report, message: "x".repeat(16 * 1024), tool_names: Array.from({ length: 50 }, () => "t") };
    expect((await submit(longest)).status).toBe(200);
  });

  it("needs the write action to be sent, and the owner of the deployment to be read", async () => {
    const { secret: reader } = await insertKey({ userId: sender.userId, actions: ["read"] });
    await expectError(await submit(report, reader), 403);
    await expectError(await call("POST", "/api/feedback", { token: null, json: report }), 401);
    await expectError(await call("GET", "/api/feedback", { token: sender.token }), 403);
    const { userId } = await getRootOwner();
    const { secret: ownersKey } = await insertKey({ userId });
    await expectError(await call("GET", "/api/feedback", { token: ownersKey }), 403);
  });

  it("is kept up to a number for each user", async () => {
    const other = await insertUser();
    const { secret: token } = await insertKey({ userId: other });
    expect((await submit({ ...report, message: "of another user" }, token)).status).toBe(200);
    await sqlAll("DELETE FROM feedback WHERE user_id = ?", sender.userId);
    await sqlAll(
      `INSERT INTO feedback (id, user_id, credential_id, feedback_type, message, tool_names, created_at)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
       SELECT printf('feedback_2%021d', i), ?1, 'root', 'bug', 'old ' || i, '[]', 0 FROM n`,
      sender.userId,
      MAX_FEEDBACK_PER_USER,
    );
    for (let i = 0; i < 3; i++) expect((await submit({ ...report, message: `new ${i}` })).status).toBe(200);
    const stored = await sqlAll("SELECT message FROM feedback WHERE user_id = ? ORDER BY id", sender.userId);
    expect(stored).toHaveLength(MAX_FEEDBACK_PER_USER);
    expect([stored[0]?.["message"], stored.at(-1)?.["message"]]).toEqual(["old 4", "new 2"]);
    expect(await sqlAll("SELECT id FROM feedback WHERE user_id = ?", other)).toHaveLength(1);
  });
});
