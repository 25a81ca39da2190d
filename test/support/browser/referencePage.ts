/** Drives the reference page as a reader does: authorize, open an operation, choose a file, execute. */
import type { Locator, Page, Request, Response } from "playwright-core";

const RESPONSE_TIMEOUT_MS = 30_000;

export interface DocumentedOperation {
  id: string;
  method: string;
  path: string;
}

function pathPattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`);
}

export class ReferencePage {
  /** Errors and violations of the content security policy that Chromium printed. */
  readonly errors: string[] = [];
  readonly requests: Request[] = [];

  constructor(
    readonly page: Page,
    private readonly origin: string,
  ) {
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.errors.push(message.text());
    });
    page.on("pageerror", (error) => this.errors.push(error.message));
    page.on("request", (request) => this.requests.push(request));
  }

  async open(): Promise<void> {
    await this.page.goto(`${this.origin}/docs`);
    await this.page.locator(".opblock").first().waitFor();
  }

  async authorize(key: string): Promise<void> {
    await this.page.locator(".btn.authorize").click();
    await this.page.locator(".auth-container input").first().fill(key);
    await this.page.locator(".auth-btn-wrapper .authorize").first().click();
    await this.page.locator(".auth-btn-wrapper .btn-done").first().click();
    await this.waitForExamples();
  }

  async waitForExamples(): Promise<void> {
    await this.page.locator('#hint[data-state="ready"]').waitFor();
  }

  operation(id: string): Locator {
    return this.page.locator(`.opblock[id$="-${id}"]`);
  }

  /** Executes an operation with the values that the page filled in, and `file` where it takes one. */
  async execute({ id, method, path }: DocumentedOperation, file: string | null = null): Promise<Response> {
    const block = this.operation(id);
    const execute = block.locator(".btn.execute");
    if ((await execute.count()) === 0) await block.locator(".opblock-summary-control").click();
    await execute.waitFor();
    if (file !== null) await block.locator('input[type="file"]').setInputFiles(file);
    const pattern = pathPattern(path);
    const answered = this.page.waitForResponse(
      (response) => response.request().method() === method && pattern.test(new URL(response.url()).pathname),
      { timeout: RESPONSE_TIMEOUT_MS },
    );
    const [response] = await Promise.all([answered, execute.click()]);
    await block.locator(".live-responses-table .response-col_status").first().waitFor();
    // A change is followed by new examples.
    if (method !== "GET") await this.waitForExamples();
    return response;
  }

  async close(id: string): Promise<void> {
    await this.operation(id).locator(".opblock-summary-control").click();
  }
}
