import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CommandBlock, readCommandBlocks, splitCommands } from "../../scripts/docs/blocks.ts";
import { unknownNpmCommands } from "../../scripts/docs/npmCommands.ts";
import { portabilityProblems } from "../../scripts/docs/portability.ts";
import { createWorkingCopy, findCurl, runPage } from "../../scripts/docs/runner.ts";
import { selectCommands } from "../../scripts/docs/skipped.ts";

const fence = "```";

/** The blocks of a page that consists of one block of commands and the text below it. */
function blocksOf(commands: string, below = ""): CommandBlock[] {
  return readCommandBlocks("page.md", `# Page\n\n${fence}sh\n${commands}\n${fence}\n\n${below}\n`);
}

function problemsOf(commands: string): string[] {
  return blocksOf(commands).flatMap(portabilityProblems);
}

describe("reading a page", () => {
  it("returns the fenced sh blocks with their lines, and no other block", () => {
    const page = `text\n\n${fence}sh\none\n${fence}\n\n${fence}ts\nconst x = 1;\n${fence}\n\n${fence}sh\ntwo\nthree\n${fence}\n`;
    const blocks = readCommandBlocks("page.md", page);
    expect(blocks.map(({ line, text }) => [line, text])).toEqual([
      [3, "one\n"],
      [11, "two\nthree\n"],
    ]);
  });

  it("returns the status that the text below states first", () => {
    const [block] = blocksOf("curl x", "The response is 201. For a duplicate the response is 200.");
    expect(block?.status).toBe(201);
    expect(blocksOf("curl x", "Done.")[0]?.status).toBeNull();
  });

  it("returns the output below a block, up to the next heading", () => {
    const output = `${fence}json\n{"a":1}\n${fence}`;
    expect(blocksOf("curl x", `It prints:\n\n${output}`)[0]?.output).toEqual({ language: "json", text: '{"a":1}\n' });
    expect(blocksOf("curl x", `## Next\n\n${output}`)[0]?.output).toBeNull();
  });
});

describe("splitting a block", () => {
  it("keeps continuation lines, quoted lines and here-documents together", () => {
    const commands = ["curl a \\\n  -d b", "curl c -d '{\n  \"d\": 1\n}'", "cat > f <<'EOF'\n# it's text\nEOF", "last"];
    expect(splitCommands(commands.join("\n")).map(({ source }) => source.trim())).toEqual(commands);
  });

  it("skips commands that need an account and keeps the others", () => {
    const [block] = blocksOf("npm run deploy -- --yes\nnpm run deploy -- --help");
    expect(block && selectCommands(block)).toMatchObject({
      script: "npm run deploy -- --help\n",
      skipped: [{ command: "npm run deploy -- --yes" }],
    });
  });
});

describe("portability", () => {
  it.each([
    "date -u -d '1 hour ago' +%s",
    'curl "$API?t=$(date -u -d yesterday)"',
    "curl x | jq .data",
    "openssl dgst -sha256 photo.jpg",
    "sha256sum photo.jpg",
    "base64 -w0 photo.jpg",
    "sed -i s/a/b/ file",
    "grep -oP 'a' file",
    "readlink -f .",
    "curl x --json '{}'",
    "npm run deploy   # asks for missing values",
    "# a comment\nls",
    "curl http://localhost:8787/api/assets?limit=1",
    'if [[ -f "$x" ]]; then echo y; fi',
  ])("refuses %s", (command) => {
    expect(problemsOf(command)).toHaveLength(1);
  });

  it.each([
    "date -u +%Y-%m-%dT%H:%M:%SZ",
    "KEY=$(sed -n 's/^ROOT_API_KEY=//p' .dev.vars)",
    "curl 'http://localhost:8787/api/assets?limit=1'",
    "node -p 'jq # openssl'",
    "cat > f <<'EOF'\n# a comment of another language\nEOF",
    'echo "${cursor:+#}"',
  ])("accepts %s", (command) => {
    expect(problemsOf(command)).toEqual([]);
  });
});

describe("npm commands in sentences", () => {
  const known = {
    scripts: ["build", "test:slow"],
    tests: ["test/routes/map.test.ts", "test/routes/trash.slow.test.ts"],
  };

  it("accepts scripts and tests that exist", () => {
    const page =
      "Run `npm run build`, `npm test -- routes/map`, `npm test -- --bail 1` and `npm run test:slow -- trash`.";
    expect(unknownNpmCommands("page.md", page, known)).toEqual([]);
  });

  it.each([
    ["npm run bundle", "package.json has no script bundle"],
    ["npm test -- routes/albums", "`npm test -- routes/albums` selects no test"],
    ["npm test -- trash", "`npm test -- trash` selects no test"],
    ["npm run test:slow -- map", "`npm run test:slow -- map` selects no test"],
    ["npx vitest run routes/albums", "`vitest run routes/albums` selects no test"],
  ])("reports %s", (command, problem) => {
    expect(unknownNpmCommands("page.md", `# Page\n\nRun \`${command}\`.`, known)).toEqual([`page.md:3: ${problem}`]);
  });
});

describe.skipIf(findCurl() === null)("running a page", () => {
  const directory = mkdtempSync(join(tmpdir(), "docs-test-"));
  const server = createServer((request, response) => {
    response.statusCode = request.url === "/missing" ? 404 : 201;
    response.end('{"id":"asset_1","tags":["a"]}');
  });
  let copy = "";
  let origin = "";

  beforeAll(async () => {
    copy = createWorkingCopy(directory);
    await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- A listening TCP server has an AddressInfo.
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const run = (commands: string, below = "") => runPage(blocksOf(commands, below), copy, origin);
  const get = "curl -s http://localhost:8787/";

  it.each([
    [
      "a request that succeeds, with its status and its JSON",
      get,
      `The response is 201.\n\n${fence}json\n{"id":"x","tags":["b","c"]}\n${fence}`,
    ],
    ["text that is equal", "echo done", `${fence}\ndone\n${fence}`],
  ])("accepts %s", async (_, commands, below) => {
    expect(await run(commands, below)).toEqual([]);
  });

  it.each([
    ["a command that fails", "false\necho done", "", "failed"],
    ["a variable that the page never sets", 'echo "$API"', "", "failed"],
    ["a request that is refused", "curl -s http://localhost:8787/missing", "", "a request failed"],
    ["a refused request in a pipe", "curl -s http://localhost:8787/missing | cat", "", "a request failed"],
    ["another status than the page states", get, "The response is 200.", "got 201, but the page says 200"],
    ["a field that the page lacks", get, `${fence}json\n{"id":"x"}\n${fence}`, "printed JSON"],
    ["a value of another type", get, `${fence}json\n{"id":1,"tags":["a"]}\n${fence}`, "printed JSON"],
    ["text that differs", "echo done", `${fence}\nready\n${fence}`, "printed"],
  ])("reports %s", async (_, commands, below, problem) => {
    const problems = await run(commands, below);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`page.md:3: ${problem}`);
  });

  it("keeps variables for later blocks, and reports the blocks that did not run", async () => {
    const page = ["x=1", '[ "$x" = 1 ]', "exit 3", "true"].map((text) => `${fence}sh\n${text}\n${fence}\n`);
    const problems = await runPage(readCommandBlocks("page.md", page.join("\n")), copy, origin);
    expect(problems.map((problem) => problem.split("\n")[0])).toEqual([
      "page.md:9: failed:",
      "page.md:13: did not run, because a block above ended the shell",
    ]);
  });
});
