/** A person at a browser with passkeys (Chromium's virtual authenticator), and checks of a page's accessibility. */
import type { Browser, Page } from "playwright-core";

/** Chromium prints refused requests, which a test provokes on purpose, as errors. */
const REFUSED_REQUEST = /^Failed to load resource: the server responded with a status of 4\d\d/;

export class Person {
  /** Errors of scripts and violations of the content security policy. */
  readonly errors: string[] = [];

  private constructor(readonly page: Page) {
    page.on("console", (message) => {
      const isExpected = message.type() !== "error" || REFUSED_REQUEST.test(message.text());
      if (!isExpected) this.errors.push(message.text());
    });
    page.on("pageerror", (error) => this.errors.push(error.message));
  }

  /** Opens a browser window without cookies and storage, whose passkeys need no finger. */
  static async arrive(browser: Browser): Promise<Person> {
    const context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
    const page = await context.newPage();
    const devTools = await context.newCDPSession(page);
    await devTools.send("WebAuthn.enable");
    await devTools.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return new Person(page);
  }

  async leave(): Promise<void> {
    await this.page.context().close();
  }

  async press(name: string): Promise<void> {
    await this.page.getByRole("button", { name, exact: true }).click();
  }

  async sees(heading: string): Promise<void> {
    await this.page.getByRole("heading", { name: heading, exact: true }).waitFor();
  }
}

/** Runs in the page. Returns inputs and buttons without a name, and texts that are cut off or too faint (WCAG 2.2, 1.4.3). */
function findFaults(): string[] {
  const { document, getComputedStyle } = globalThis as unknown as DomWindow;
  const channels = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color: string): number => {
    const [red = 0, green = 0, blue = 0] = channels(color).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const backgroundOf = (element: DomElement | null): string => {
    if (element === null) return "rgb(255, 255, 255)";
    const { backgroundColor } = getComputedStyle(element);
    return channels(backgroundColor)[3] === 0 ? backgroundOf(element.parentElement) : backgroundColor;
  };
  const faults: string[] = [];
  const isVisible = (element: DomElement): boolean => element.checkVisibility();
  for (const element of [...document.querySelectorAll("*")].filter(isVisible)) {
    const ownText = [...element.childNodes].some((node) => node.nodeType === 3 && /\S/.test(node.textContent ?? ""));
    if (!ownText) continue;
    const [one = 0, other = 0] = [getComputedStyle(element).color, backgroundOf(element)]
      .map(luminance)
      .sort((a, b) => b - a);
    if ((one + 0.05) / (other + 0.05) < 4.5) faults.push(`faint: ${element.textContent ?? ""}`);
  }
  for (const control of [...document.querySelectorAll("input, select, button")].filter(isVisible)) {
    const name = control.getAttribute("aria-label") ?? control.closest("label")?.textContent ?? control.textContent;
    if (!/\S/.test(name ?? "")) faults.push(`nameless: ${control.outerHTML}`);
  }
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) faults.push(`wider than the window: ${scrollWidth} of ${clientWidth} px`);
  return faults;
}

/** Faults of the page in light and dark, at the width of a small phone and of a desktop. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  const faults: string[] = [];
  const size = page.viewportSize();
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [320, 1000]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      faults.push(...(await page.evaluate(findFaults)).map((fault) => `${colorScheme}, ${width} px: ${fault}`));
    }
  }
  if (size !== null) await page.setViewportSize(size);
  return faults;
}

/** The part of the DOM that `findFaults` uses: these tests are compiled without the library of browsers. */
interface DomElement {
  parentElement: DomElement | null;
  childNodes: Iterable<{ nodeType: number; textContent: string | null }>;
  textContent: string | null;
  outerHTML: string;
  checkVisibility(): boolean;
  getAttribute(name: string): string | null;
  closest(selector: string): DomElement | null;
}

interface DomWindow {
  document: {
    querySelectorAll(selector: string): Iterable<DomElement>;
    documentElement: { scrollWidth: number; clientWidth: number };
  };
  getComputedStyle: (element: DomElement) => { color: string; backgroundColor: string };
}
