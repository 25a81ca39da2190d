/** The D1 trips and rows that all tasks of an asset cost together. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { runPendingTasks } from "../../../src/operations/tasks/taskRunner.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { getRootOwner } from "../../support/clients/account.ts";
import { uniqueBytes } from "../../support/clients/api.ts";
import { expectAsset } from "../../support/clients/responses.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";
import { testContext } from "../../support/context.ts";
import { movie } from "../../support/media/buildVideo.ts";
import { readTasks } from "../../support/rows/taskRows.ts";

const KISUMU = { city: "Kisumu", state: "Kisumu County", country: "Kenya", countryCode: "KE" };
const placeFinder = { find: () => Promise.resolve({ ...KISUMU, sublocation: null, placeName: null }) };

beforeAll(async () => {
  await getRootOwner();
});

describe("the tasks of an asset", () => {
  it.each([
    { file: "picasa.jpg", name: "a.jpg", tasks: 5, trips: 3, written: 12 },
    { file: "0006_adobe_coords.jpg", name: "gps.jpg", tasks: 6, trips: 3, written: 14 },
    // A live photo takes a trip to look for its film.
    { file: "IMG_7943.HEIC", name: "a.heic", tasks: 7, trips: 5, written: 17 },
    { file: null, name: "without-poster.mp4", tasks: 2, trips: 2, written: 5 },
    { file: "video_rotate.mp4", name: "key-frame.mp4", tasks: 6, trips: 5, written: 24 },
    // The file is an image, so that it is its own poster.
    { file: "picasa.jpg", name: "with-poster.mov", tasks: 6, trips: 5, written: 24 },
  ])(
    "together take $trips D1 trips and at most $written rows: $name",
    async ({ file, name, tasks, trips, written }) => {
      const content = file === null ? movie() : await sampleBytes(file);
      const bytes = await new Blob([content, uniqueBytes(16)]).bytes();
      const { id } = await expectAsset(await uploadWithoutConsumer(bytes, { name }), 201);
      const { binding, counts } = countingD1(env.DB);
      const context = testContext({ db: openDatabase(binding, "primary"), placeFinder });
      expect(await runPendingTasks(context, id)).toBeNull();
      const statuses = (await readTasks(id)).map((task) => task.status);
      expect(statuses).toEqual(Array.from({ length: tasks }, () => "success"));
      expect(counts.roundTrips).toBe(trips);
      expect(counts.rowsWritten).toBeLessThanOrEqual(written);
    },
  );

  it("take one trip when the message is delivered again", async () => {
    const bytes = await new Blob([await sampleBytes("picasa.jpg"), uniqueBytes(16)]).bytes();
    const { id } = await expectAsset(await uploadWithoutConsumer(bytes, { name: "a.jpg" }), 201);
    await runPendingTasks(testContext(), id);
    const { binding, counts } = countingD1(env.DB);
    expect(await runPendingTasks(testContext({ db: openDatabase(binding, "primary") }), id)).toBeNull();
    expect([counts.roundTrips, counts.rowsWritten]).toEqual([1, 0]);
  });
});
