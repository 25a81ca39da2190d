import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { DemoAsset } from "../../scripts/demo/client.ts";
import { lockState } from "../../scripts/demo/exclusive.ts";
import { peopleLines, tableLines } from "../../scripts/demo/report.ts";
import { waitForTasks } from "../../scripts/demo/tasks.ts";

const asset: DemoAsset = {
  id: "asset_1",
  original_file_name: "a-photo-with-quite-a-long-file-name.jpeg",
  local_datetime: "2026-03-23T15:57:01+01:00",
  width: 12_032,
  height: 10_024,
  metadata: { display_label: "Schafjückenweg, Ostfriesland, Niedersachsen", original_datetime: "2026-03-23T15:57:01" },
  file_data: { file_size_bytes: 123_456_789 },
};

let server: Server | null = null;
const directory = mkdtempSync(join(tmpdir(), "demo-"));
afterEach(() => {
  server?.close();
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true, force: true });
});

/** Answers each request for tasks with the next of the lists; the last one repeats. */
async function taskServer(lists: { status: string; error_message?: string }[][]): Promise<string> {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  let request = 0;
  server = createServer((_message, response) => {
    const list = lists[Math.min(request++, lists.length - 1)] ?? [];
    const tasks = list.map((task) => ({ asset_id: "asset_1", task_type: "thumbhash", error_message: null, ...task }));
    response.end(JSON.stringify(tasks));
  });
  await new Promise<void>((settle) => server?.listen(0, "127.0.0.1", settle));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}

describe("the demo", () => {
  it("prints a table of at most 80 columns, and no date for a file without one", () => {
    const undated = { ...asset, metadata: { ...asset.metadata, original_datetime: null } };
    const lines = tableLines([asset, undated], 80);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines[1]).toContain("2026-03-23 15:57");
    expect(lines[2]).toContain("no date");
    expect(lines[2]).not.toContain("2026");
  });

  it("lists the photos of each person in at most 80 columns", () => {
    const files = ["a.jpg", asset.original_file_name.repeat(3)];
    const lines = peopleLines(
      [
        { name: null, files },
        { name: "Ada", files },
      ],
      80,
    );
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect([lines[0], lines[1], lines[3]]).toEqual(["Person 1 is on 2 photos:", "  a.jpg", "Ada is on 2 photos:"]);
  });

  it("waits until every task has ended, and returns those that failed", async () => {
    const [pending, success] = [{ status: "pending" }, { status: "success" }];
    const failure = { status: "failure", error_message: "damaged" };
    const origin = await taskServer([
      [pending, pending],
      [success, { status: "started" }],
      [success, failure],
    ]);
    const { finished, failures } = await waitForTasks({ origin, key: "k" }, ["asset_1"]);
    expect([finished, failures.map((task) => task.error_message)]).toEqual([2, ["damaged"]]);
  });

  it("names the tasks that never end", async () => {
    const origin = await taskServer([[{ status: "pending" }]]);
    await expect(waitForTasks({ origin, key: "k" }, ["asset_1"], 0)).rejects.toThrow("thumbhash of asset_1");
  });

  it("refuses a state that another running demo uses, and takes over one whose process has ended", () => {
    const first = lockState(directory);
    expect(() => lockState(directory)).toThrow(`Another demo (process ${process.pid}) uses ${directory}`);
    first.release();
    writeFileSync(join(directory, "demo.pid"), "999999999");
    expect(() => lockState(directory)).not.toThrow();
  });
});
