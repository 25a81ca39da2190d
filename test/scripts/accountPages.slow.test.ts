/**
 * Signs in as people do, in Chromium with virtual authenticators: with the root key, a passkey and a one-time link, on
 * our own pages and for an app.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readLocalKey } from "../../scripts/demo/client.ts";
import { freePort, startServer, type DemoServer } from "../../scripts/demo/server.ts";
import { findChromium, launchChromium } from "../support/browser/chromium.ts";
import { accessibilityFaults, Person } from "../support/browser/person.ts";

const executable = findChromium();
if (executable === null) {
  process.stderr.write("The pages are not tested: there is no Chromium. Install it or set CHROMIUM_PATH.\n");
}

/** An app that waits for its code at http://localhost:…/callback. */
class App {
  private readonly server: Server = createServer((_request, response) => {
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>App</title><link rel=icon href=data:,><h1>The app</h1>");
  });

  async start(): Promise<void> {
    await new Promise<void>((settle) => this.server.listen(0, "127.0.0.1", settle));
  }

  get callback(): string {
    return `http://localhost:${(this.server.address() as AddressInfo).port}/callback`;
  }

  async close(): Promise<void> {
    await new Promise((settle) => this.server.close(settle));
  }
}

describe.skipIf(executable === null)("the account pages", () => {
  const directory = mkdtempSync(join(tmpdir(), "account-pages-"));
  const app = new App();
  const people: Person[] = [];
  let server: DemoServer | null = null;
  let browser: Browser | null = null;
  let origin = "";
  let key = "";

  beforeAll(async () => {
    await app.start();
    server = startServer(await freePort(0), directory);
    await Promise.race([server.ready, server.exited]);
    origin = server.origin;
    key = await readLocalKey();
    browser = await launchChromium(executable ?? "");
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await app.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** No page may print an error: the content security policy allows scripts of our own files only. */
  afterEach(async () => {
    for (const person of people.splice(0)) {
      expect(person.errors).toEqual([]);
      await person.leave();
    }
  });

  async function arrive(): Promise<Person> {
    if (browser === null) throw new Error("Chromium did not start");
    const person = await Person.arrive(browser);
    people.push(person);
    return person;
  }

  async function callApi<T>(schema: z.ZodType<T>, method: string, path: string, json?: unknown, token = key) {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const body = json === undefined ? {} : { body: JSON.stringify(json) };
    const response = await fetch(origin + path, { method, headers, ...body });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return schema.parse(await response.json());
  }

  const idSchema = z.object({ id: z.string() });

  async function signInWithRootKey(person: Person): Promise<void> {
    await person.page.goto(`${origin}/sign-in`);
    await person.page.locator("summary").click();
    await person.page.getByLabel("The owner's root key").fill(key);
    await person.press("Sign in with the root key");
    await person.sees("Add a passkey");
  }

  async function signInToApp(person: Person): Promise<string> {
    const query = new URLSearchParams({ redirect_uri: app.callback });
    const { url } = await callApi(z.object({ url: z.string() }), "GET", `/api/oauth/auth-url?${query.toString()}`);
    await person.page.goto(url);
    await person.page.getByText(new URL(app.callback).host).waitFor();
    await person.press("Sign in with a passkey");
    await person.sees("The app");
    const { code, state } = Object.fromEntries(new URL(person.page.url()).searchParams);
    const exchanged = z.object({ access_token: z.string() });
    return (await callApi(exchanged, "POST", "/api/oauth/exchange", { code, state })).access_token;
  }

  it("sign the owner in with the root key once, and with a passkey from then on, also to an app", async () => {
    const owner = await arrive();
    await signInWithRootKey(owner);
    await owner.press("Add a passkey");
    await owner.sees("Your account");
    await owner.page.getByText("not used yet").waitFor();
    await owner.page.getByRole("link", { name: "Sign out" }).click();
    await owner.sees("Signed out");
    await owner.page.getByRole("link", { name: "Sign in again" }).click();
    await owner.press("Sign in with a passkey");
    await owner.sees("Your account");
    const { id } = await callApi(idSchema, "GET", "/api/users/me");
    expect(await callApi(idSchema, "GET", "/api/users/me", undefined, await signInToApp(owner))).toMatchObject({ id });
  });

  it("keep the session in its tab only", async () => {
    const owner = await arrive();
    await signInWithRootKey(owner);
    await owner.press("Not now");
    await owner.sees("Your account");
    await owner.page.reload();
    await owner.sees("Your account");
    const otherTab = await owner.page.context().newPage();
    await otherTab.goto(`${origin}/account`);
    await otherTab.waitForURL(`${origin}/sign-in`);
    expect(await owner.page.context().cookies()).toEqual([]);
  });

  it("sign nobody in with a wrong root key", async () => {
    const stranger = await arrive();
    await stranger.page.goto(`${origin}/sign-in`);
    await stranger.page.locator("summary").click();
    await stranger.page.getByLabel("The owner's root key").fill("wrong");
    await stranger.press("Sign in with the root key");
    await stranger.page.getByRole("alert").getByText("This is not the root key.").waitFor();
  });

  it("sign in with a one-time link, which is gone from the address bar, and good once", async () => {
    const { id } = await callApi(idSchema, "GET", "/api/users/me");
    const linkSchema = z.object({ url: z.string() });
    const { url } = await callApi(linkSchema, "POST", "/api/sign-in/links", { user_id: id });
    const [first, second] = [await arrive(), await arrive()];
    for (const person of [first, second]) {
      await person.page.goto(url);
      await person.page.getByRole("button", { name: "Sign in with this link" }).waitFor();
      expect(person.page.url()).toBe(`${origin}/sign-in`);
    }
    await first.press("Sign in with this link");
    await first.sees("Add a passkey");
    await second.press("Sign in with this link");
    await second.page.getByRole("alert").getByText("this link has expired or was used").waitFor();
  });

  it("rename and delete passkeys, the last one after a warning", async () => {
    const owner = await arrive();
    await signInWithRootKey(owner);
    await owner.press("Not now");
    await owner.sees("Your account");
    const passkeys = owner.page.getByRole("region", { name: "Passkeys" });
    const names = passkeys.locator("strong");
    for (let left = await names.count(); left > 0; left = await names.count()) {
      await passkeys.getByRole("button", { name: "Delete" }).first().click();
      const dialog = owner.page.getByRole("dialog");
      if (left === 1) await dialog.getByText("This is your last passkey.").waitFor();
      await dialog.getByRole("button", { name: /^Delete/ }).click();
      await expect.poll(async () => await names.count()).toBe(left - 1);
    }
    await owner.press("Add a passkey");
    await expect.poll(async () => await names.count()).toBe(1);
    await passkeys.locator("summary").click();
    await passkeys.getByLabel("New name").fill("Kitchen <b>tablet</b>");
    await owner.press("Save the name");
    await passkeys.getByText("Kitchen <b>tablet</b>", { exact: true }).waitFor();
  });

  it("can be used with the keyboard alone", async () => {
    const owner = await arrive();
    await signInWithRootKey(owner);
    await owner.press("Add a passkey");
    await owner.sees("Your account");
    await owner.page.goto(`${origin}/sign-out`);
    await owner.sees("Signed out");
    await owner.page.goto(`${origin}/sign-in`);
    await owner.sees("Sign in");
    const focused = owner.page.locator(":focus");
    for (let tabs = 0; (await focused.textContent()) !== "Sign in with a passkey"; tabs++) {
      if (tabs > 5) throw new Error("the button is not reached");
      await owner.page.keyboard.press("Tab");
    }
    await owner.page.keyboard.press("Enter");
    await owner.sees("Your account");
  });

  it("have names, contrast and room in light and dark, on a phone and a desktop", async () => {
    const owner = await arrive();
    await owner.page.goto(`${origin}/sign-in`);
    await owner.page.locator("summary").click();
    expect(await accessibilityFaults(owner.page)).toEqual([]);
    await signInWithRootKey(owner);
    expect(await accessibilityFaults(owner.page)).toEqual([]);
    await owner.press("Not now");
    await owner.sees("Your account");
    await owner.page.getByText("you, the owner").waitFor();
    for (const summary of await owner.page.locator("summary").all()) await summary.click();
    expect(await accessibilityFaults(owner.page)).toEqual([]);
    for (const path of ["/sign-out", "/join", "/signed-in?code=x&state=y"]) {
      await owner.page.goto(origin + path);
      await owner.page.waitForLoadState("networkidle");
      expect(await accessibilityFaults(owner.page), path).toEqual([]);
    }
  });

  it("are checked by something that finds faults", async () => {
    const { page } = await arrive();
    const wide = '<div style="width: 500px">wide</div>';
    await page.setContent(`<input><p style="color: #999; background: #fff">faint</p>${wide}`);
    const found = (await accessibilityFaults(page)).join("\n");
    for (const kind of ["nameless", "faint", "wider than the window"]) expect(found).toContain(kind);
  });

  it("take no code that the tab did not ask for", async () => {
    const person = await arrive();
    await person.page.goto(`${origin}/signed-in?code=stolen&state=foreign`);
    await person.page.getByRole("alert").getByText("This sign-in did not begin in this tab.").waitFor();
    expect(person.page.url()).toBe(`${origin}/signed-in`);
  });
});
