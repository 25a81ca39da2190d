import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSettings, writeSettings } from "../../../scripts/deploy/settings.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "deploy-settings-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const read = (options = {}) => readSettings(options, directory);
const write = (text: string, file = "deploy.env") => writeFileSync(join(directory, file), text);
const text = (file = "deploy.env") => readFileSync(join(directory, file), "utf8");

describe("the settings of an instance", () => {
  it("are those of workers.dev without options", () => {
    const settings = { accountId: null, host: null, location: null, jurisdiction: null, vars: {} };
    expect(read()).toEqual({ name: "tintype", ...settings });
  });

  it("survive a later deployment without options", () => {
    writeSettings({ ...read({ zone: "photos.example.com", "image-delivery": "cdn-cgi" }), accountId: "a1" }, directory);
    expect(read()).toMatchObject({ host: "photos.example.com", accountId: "a1", vars: { IMAGE_DELIVERY: "cdn-cgi" } });
  });

  it("keep comments, order and variables that the user wrote", () => {
    write("# mine\nTRASH_RETENTION_DAYS=30\nHOST=old.example.com\n# end\n");
    writeSettings(read({ zone: "new.example.com" }), directory);
    expect(text()).toBe("# mine\nTRASH_RETENTION_DAYS=30\nHOST=new.example.com\n# end\n");
    expect(read().vars).toEqual({ TRASH_RETENTION_DAYS: "30" });
  });

  it("keep values with spaces, hashes and quote marks", () => {
    write(`DESCRIBER_PROMPT="What's in #1?"\n`);
    writeSettings(read(), directory);
    expect(read().vars["DESCRIBER_PROMPT"]).toBe("What's in #1?");
  });

  it("of a second instance are in a file of their own", () => {
    writeSettings(read({ name: "family", location: "weur" }), directory);
    expect(read({ name: "family" }).location).toBe("weur");
    expect(read().location).toBeNull();
    expect(text("deploy.family.env")).toContain("LOCATION=weur");
  });

  it.each([
    [{ zone: "not a host" }, "", "--zone must be a host"],
    [{ zone: "photos.example.com", "image-delivery": "edge" }, "", "--image-delivery must be one of"],
    [{ "image-delivery": "cdn-cgi" }, "", "--image-delivery needs --zone"],
    [{ location: "mars" }, "", "--location must be one of weur"],
    [{ jurisdiction: "ch" }, "", "--jurisdiction must be one of eu"],
    [{ plan: "gratis" }, "", "--plan must be one of paid, free"],
    [{ name: "My Photos" }, "", "--name must be 3 to 50"],
    [{}, "ROOT_API_KEY=apikey_x\n", "must not contain secrets. Remove ROOT_API_KEY"],
    [{}, "DESCRIBER_API_KEY=x\n", "--secret DESCRIBER_API_KEY"],
    [{}, "OWNER_EMAIL=me\n", "OWNER_EMAIL must be an e-mail address"],
    [{}, "SIGN_UPS=everyone\n", "SIGN_UPS must be nobody, anyone"],
    [{}, "OIDC_CLIENT_SECRET=x\n", "--secret OIDC_CLIENT_SECRET"],
    [{}, "OIDC_ISSUER=http://localhost:3000\nOIDC_CLIENT_ID=x\n", "OIDC_ISSUER must be the https URL"],
    [{}, "OIDC_ISSUER=https://accounts.example.com\n", "OIDC_ISSUER requires OIDC_CLIENT_ID"],
    [{}, "REDIRECT_URIS=http://app.example.com/callback\n", "REDIRECT_URIS must be whole https or app URLs"],
    [{}, "PUBLIC_URL=https://x.example.com\n", "Remove PUBLIC_URL"],
    [{}, "HOST=nothing\n", "HOST must be a host"],
  ])("refuse %o with %j", (options, file, message) => {
    write(file);
    expect(() => read(options)).toThrow(message);
  });
});
