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
  const linkSchema = z.object({ url: z.string() });

  async function signInWithRootKey(person: Person): Promise<void> {
    await person.page.goto(`${origin}/sign-in`);
    await person.page.locator("summary").click();
    await person.page.getByLabel("The owner's root key").fill(key);
    await person.press("Sign in with the root key");
    await person.sees("Add a passkey");
  }

  async function openOwnerAccount(owner: Person): Promise<void> {
    await signInWithRootKey(owner);
    await owner.press("Not now");
    await owner.sees("Your account");
  }

  async function signInToApp(person: Person): Promise<string> {
    const query = new URLSearchParams({ redirect_uri: app.callback });
    const { url } = await callApi(linkSchema, "GET", `/api/oauth/auth-url?${query.toString()}`);
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
    await openOwnerAccount(owner);
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

  it("let the owner add a person, who signs in with the link and sees their own account only", async () => {
    const owner = await arrive();
    await openOwnerAccount(owner);
    const users = owner.page.getByRole("region", { name: "Users of this service" });
    await users.locator("summary", { hasText: "Add a person" }).click();
    await users.getByLabel("Name", { exact: true }).fill("Anna <i>Example</i>");
    await owner.press("Add and create a one-time link");
    const url = await users.getByLabel("One-time link").inputValue();
    await users.getByText("Anna <i>Example</i>", { exact: true }).waitFor();

    const anna = await arrive();
    await anna.page.goto(url);
    await anna.press("Sign in with this link");
    await anna.press("Add a passkey");
    await anna.sees("Your account");
    await anna.page.getByText("Anna <i>Example</i>", { exact: true }).waitFor();
    expect(await anna.page.getByRole("heading", { name: "Users of this service" }).count()).toBe(0);
    const token = await signInToApp(anna);
    expect((await fetch(`${origin}/api/users`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(403);

    await users.locator("summary", { hasText: "Manage" }).first().click();
    await users.getByRole("button", { name: "Deactivate" }).click();
    await owner.page.getByRole("dialog").getByRole("button", { name: "Deactivate" }).click();
    await users.getByText("deactivated", { exact: true }).waitFor();
    await anna.page.goto(`${origin}/account`);
    await anna.page.waitForURL(`${origin}/sign-in`);
    await anna.press("Sign in with a passkey");
    await anna.page.getByRole("alert").getByText("this account is deactivated").waitFor();
  });

  const librarySchema = z.array(z.object({ id: z.string(), name: z.string(), role: z.string() }));

  /** Creates an invitation on the account page, and returns its link. */
  async function inviteOnPage(owner: Person, libraryName: string): Promise<string> {
    const own = owner.page.getByRole("region", { name: "Your libraries" });
    await own.getByRole("heading", { name: libraryName }).waitFor();
    await own.getByLabel(`Share ${libraryName}`, { exact: true }).click();
    await own.getByLabel("For how many people").fill("1");
    await owner.press("Create an invitation link");
    return await own.getByLabel("Invitation link").inputValue();
  }

  it("let somebody join by an invitation: look at it, create an account, join, and leave again", async () => {
    await callApi(idSchema, "POST", "/api/libraries", { name: "Holidays & <b>more</b>" });
    const owner = await arrive();
    await openOwnerAccount(owner);
    const link = await inviteOnPage(owner, "Holidays & <b>more</b>");

    const ben = await arrive();
    await ben.page.goto(link);
    await ben.sees("Invitation");
    await ben.page.getByText("Holidays & <b>more</b>", { exact: true }).waitFor();
    await ben.page.getByText("You will be able to see all photos and videos.").waitFor();
    expect(await accessibilityFaults(ben.page)).toEqual([]);
    await ben.page.getByLabel("Your name").fill("Ben");
    await ben.press("Create an account and join");
    await ben.sees("You have joined");
    const token = await signInToApp(ben);
    const libraries = await callApi(librarySchema, "GET", "/api/libraries", undefined, token);
    expect(libraries.map(({ name, role }) => [name, role])).toContainEqual(["Holidays & <b>more</b>", "viewer"]);

    const late = await arrive();
    await late.page.goto(link);
    await late.page.getByRole("alert").getByText("All places of this invitation are taken.").waitFor();

    await ben.page.goto(`${origin}/sign-in`);
    await ben.press("Continue as Ben");
    await ben.sees("Your account");
    const shared = ben.page.getByRole("region", { name: "Shared with you" });
    await shared.getByRole("button", { name: "Leave" }).click();
    await ben.page.getByRole("dialog").getByRole("button", { name: "Leave" }).click();
    await shared.getByText("Nothing.").waitFor();
  });

  it("let somebody with an account sign in and join", async () => {
    await callApi(idSchema, "POST", "/api/libraries", { name: "Second library" });
    const user = await callApi(idSchema, "POST", "/api/users", { first_name: "Cleo" });
    const { url } = await callApi(linkSchema, "POST", "/api/sign-in/links", { user_id: user.id });
    const cleo = await arrive();
    await cleo.page.goto(url);
    await cleo.press("Sign in with this link");
    await cleo.press("Add a passkey");
    await cleo.sees("Your account");
    await cleo.page.goto(`${origin}/sign-out`);
    await cleo.sees("Signed out");

    const owner = await arrive();
    await openOwnerAccount(owner);
    const link = await inviteOnPage(owner, "Second library");
    await cleo.page.goto(link);
    await cleo.press("I have an account: sign in");
    await cleo.press("Sign in with a passkey");
    await cleo.sees("Invitation");
    await cleo.press("Join");
    await cleo.sees("You have joined");

    const own = owner.page.getByRole("region", { name: "Your libraries" });
    await owner.page.reload();
    await own.getByLabel("Share Second library").click();
    await own.getByText("Cleo", { exact: true }).waitFor();
    await own.getByRole("button", { name: "Make collaborator" }).click();
    await own.getByText(/^collaborator since/).waitFor();
    await own.getByRole("button", { name: "Remove" }).click();
    await owner.page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await own.getByText("Nobody but you.").waitFor();
    await cleo.page.goto(`${origin}/account`);
    await cleo.page.goto(link);
    await cleo.page.getByRole("alert").getByText("All places of this invitation are taken.").waitFor();
  });

  it("rename and delete passkeys, the last one after a warning", async () => {
    const owner = await arrive();
    await openOwnerAccount(owner);
    const passkeys = owner.page.getByRole("region", { name: "Passkeys" });
    const names = passkeys.locator("strong");
    await passkeys.getByRole("button", { name: "Add a passkey" }).waitFor();
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
