/**
 * Executes every operation of the reference page in Chromium, with the values that the page fills in, on a server with
 * samples. Editing `src/` meanwhile restarts the Worker.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readLocalKey, turnOnFaceDetection, uploadFile, type Api } from "../../scripts/demo/client.ts";
import { freePort, startServer, type DemoServer } from "../../scripts/demo/server.ts";
import { waitForTasks } from "../../scripts/demo/tasks.ts";
import { findChromium, launchChromium } from "../support/browser/chromium.ts";
import { ReferencePage, type DocumentedOperation } from "../support/browser/referencePage.ts";

const SAMPLES = ["Portrait_8.jpg", "el_torcal_rocks.jpg", "picasa.jpg", "thompson-springs.jpg", "video_rotate.mp4"];
const sample = (name: string) => join("samples", name);
const NEW_PHOTO = sample("cyclamen_persicum.jpg");
const EDIT = sample("prairie_falcon.jpg");
const OTHER_EDIT = sample("mongolels.jpg");
const POSTER = join("samples", "posters", "IMG_7943.jpg");

/** Every operation, in an order in which each finds what it needs; after `=` the file that the reader chooses. */
const STEPS = `
ping_get server_version server_health users_me libraries_list assets_create=${NEW_PHOTO}
libraries_create libraries_retrieve libraries_update assets_create=${NEW_PHOTO}
api_keys_create api_keys_list api_keys_update
albums_create albums_list albums_retrieve albums_update albums_assets_add albums_assets_list
album_assets_list album_assets_get
people_create people_list people_retrieve people_update people_bulk_update
faces_create faces_list faces_retrieve faces_update faces_thumbnail
libraries_face_detection_start libraries_face_detection_retrieve libraries_face_detection_delete
stacks_create stacks_list stacks_retrieve stacks_set_cover stacks_add_assets
assets_list search_search search_search_assets assets_list_similar assets_counts assets_cluster_by_geo assets_retrieve assets_check_existence
assets_update assets_bulk_update assets_download assets_thumbnail media_get assets_set_still=${POSTER} assets_delete_still libraries_posters_refresh
versions_list versions_append=${EDIT} versions_replace=${OTHER_EDIT} versions_revert
versions_append=${EDIT} versions_delete
tasks_list tasks_list_for_asset tasks_get events_get integrity_get search_index_get search_index_rebuild
users_update users_create users_list sessions_list sessions_delete_others feedback_submit feedback_list
oauth_auth_url oauth_logout_endpoint sign_in_offer sign_in_passkey_options sign_in_root_key passkeys_list passkeys_start
members_list invitations_list
faces_delete people_delete
albums_assets_remove albums_delete stacks_remove_assets stacks_delete api_keys_delete
assets_trash assets_restore assets_trash assets_delete assets_trash assets_delete_list
assets_trash assets_empty_trash
libraries_trash libraries_restore libraries_trash libraries_delete`;

/** Operations that need a secret, a passkey, or another user, library or person, which the page does not fill in. */
const NOT_EXECUTED = `
oauth_exchange sign_in_continue sign_in_invitation sign_in_link sign_in_links_create sign_in_passkey
sign_up sign_up_options passkeys_create passkeys_update passkeys_delete sessions_delete
invitations_create invitations_link invitations_disable invitations_preview invitations_join
members_update members_remove members_leave users_get users_manage users_delete assets_move people_merge`
  .trim()
  .split(/\s+/);

const steps = STEPS.trim()
  .split(/\s+/)
  .map((step) => {
    const [id = "", file = null] = step.split("=");
    return { id, file };
  });

/** 101 steps in 310 s on a busy machine with two cores. */
const MAX_STEPS_MS = 600_000;

const documentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.object({ operationId: z.string() }))),
});

async function readOperations(origin: string): Promise<Map<string, DocumentedOperation>> {
  const { paths } = documentSchema.parse(await (await fetch(`${origin}/openapi.json`)).json());
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { operationId: id }]) => ({ id, method: method.toUpperCase(), path })),
  );
  return new Map(operations.map((operation) => [operation.id, operation]));
}

const executable = findChromium();
if (executable === null) {
  process.stderr.write("The pages are not tested: there is no Chromium. Install it or set CHROMIUM_PATH.\n");
}

describe.skipIf(executable === null)("the pages", () => {
  const directory = mkdtempSync(join(tmpdir(), "reference-"));
  let server: DemoServer | null = null;
  let browser: Browser | null = null;
  let api: Api = { origin: "", key: "" };

  beforeAll(async () => {
    server = startServer(await freePort(0), directory);
    await Promise.race([server.ready, server.exited]);
    api = { origin: server.origin, key: await readLocalKey() };
    if (!(await turnOnFaceDetection(api))) throw new Error("face detection is not available");
    const ids: string[] = [];
    for (const name of SAMPLES) ids.push((await uploadFile(api, sample(name))).id);
    await waitForTasks(api, ids);
    browser = await launchChromium(executable ?? "");
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function newPage(): Promise<ReferencePage> {
    if (browser === null) throw new Error("Chromium did not start");
    return new ReferencePage(await browser.newPage({ viewport: { width: 1200, height: 1400 } }), api.origin);
  }

  it("show at / that the service is healthy, without an error", async () => {
    const { page, errors } = await newPage();
    await page.goto(`${api.origin}/`);
    await page.locator('#health[data-state="ok"]').waitFor();
    expect(await page.locator("#health").innerText()).toMatch(/^The service is healthy/);
    expect(errors).toEqual([]);
    await page.close();
  });

  it("read nothing but the document without a key", async () => {
    const reference = await newPage();
    await reference.open();
    const paths = reference.requests.map((request) => new URL(request.url()));
    expect(paths.filter(({ origin }) => origin !== api.origin && origin !== "null")).toEqual([]);
    expect(paths.filter(({ pathname }) => /^\/(?:api|media)\//.test(pathname))).toEqual([]);
    expect(paths.map(({ pathname }) => pathname)).toContain("/openapi.json");
    expect(reference.errors).toEqual([]);
    await reference.page.close();
  });

  it("keep what the reader typed when the examples are read again", async () => {
    const reference = await newPage();
    const operations = await readOperations(api.origin);
    await reference.open();
    await reference.authorize(api.key);
    const album = operations.get("albums_create");
    if (album === undefined) throw new Error("no operation albums_create");
    await reference.execute(album);
    const body = reference.operation("albums_create").locator("textarea").first();
    await body.fill('{"name": "Mine"}');
    const response = await reference.execute(album);
    expect(response.status()).toBe(201);
    expect(response.request().postData()).toBe('{"name": "Mine"}');
    expect(await body.inputValue()).toBe('{"name": "Mine"}');
    await reference.page.close();
  });

  it("send no optional field of a form that the reader left empty", async () => {
    const reference = await newPage();
    const upload = (await readOperations(api.origin)).get("assets_create");
    if (upload === undefined) throw new Error("no operation assets_create");
    await reference.open();
    await reference.authorize(api.key);
    expect((await reference.execute(upload, NEW_PHOTO)).status()).toBe(201);
    const command = await reference.operation("assets_create").locator(".curl").first().innerText();
    const sent = [...command.matchAll(/-F '(\w+)=/g)].map(([, name]) => name);
    expect(sent).toEqual(["device_asset_id", "device_id", "file_created_at", "file_modified_at", "asset_data"]);
    await reference.page.close();
  });

  it(
    "execute every operation successfully with the values that are filled in",
    async () => {
      const operations = await readOperations(api.origin);
      const known = new Set([...steps.map(({ id }) => id), ...NOT_EXECUTED]);
      expect([...known].toSorted()).toEqual([...operations.keys()].toSorted());
      const reference = await newPage();
      await reference.open();
      await reference.authorize(api.key);
      for (const [index, { id, file }] of steps.entries()) {
        const operation = operations.get(id);
        if (operation === undefined) throw new Error(`no operation ${id}`);
        const step = `step ${index + 1}, ${id}`;
        const response = await reference.execute(operation, file).catch((error: unknown) => {
          throw new Error(`${step}: nothing was sent, or no answer came`, { cause: error });
        });
        expect(response.status(), `${step}: ${response.url()}`).toBeGreaterThanOrEqual(200);
        expect(response.status(), `${step}: ${response.url()}`).toBeLessThan(300);
        // A form that is used again stays open, so that it must get new values.
        if (!steps.slice(index + 1).some((later) => later.id === id)) await reference.close(id);
      }
      expect(reference.errors).toEqual([]);
      await reference.page.close();
    },
    MAX_STEPS_MS,
  );
});
