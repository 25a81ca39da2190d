/** Reads the commands of a Markdown page, with what the page says about their result. */

export interface CommandBlock {
  page: string;
  /** Line of the opening fence, from 1. */
  line: number;
  text: string;
  /** HTTP status of the block's last request, where the text below the block states one. */
  status: number | null;
  /** The output that the page shows below the block, before the next heading or block of commands. */
  output: { language: "" | "json"; text: string } | null;
}

interface Fence {
  line: number;
  language: string;
  text: string;
  /** The prose from this fence to the next one, or to the next heading. */
  prose: string;
  endsWithHeading: boolean;
}

function readFences(markdown: string): Fence[] {
  const fences: Fence[] = [];
  let current: Fence | undefined;
  let isInside = false;
  for (const [index, line] of markdown.split("\n").entries()) {
    const opening = /^ *```([\w-]*)/.exec(line);
    if (isInside && line.trim() === "```") isInside = false;
    else if (!isInside && opening) {
      current = { line: index + 1, language: opening[1] ?? "", text: "", prose: "", endsWithHeading: false };
      fences.push(current);
      isInside = true;
    } else if (current !== undefined) {
      if (isInside) current.text += `${line}\n`;
      else if (/^#{1,6} /.test(line)) current.endsWithHeading = true;
      else if (!current.endsWithHeading) current.prose += `${line}\n`;
    }
  }
  return fences;
}

function outputOf(fence: Fence | undefined): CommandBlock["output"] {
  if (fence?.language === "json") return { language: "json", text: fence.text };
  return fence?.language === "" ? { language: "", text: fence.text } : null;
}

/** Returns the fenced `sh` blocks in the order of the page. */
export function readCommandBlocks(page: string, markdown: string): CommandBlock[] {
  const fences = readFences(markdown);
  return fences.flatMap((fence, index) => {
    if (fence.language !== "sh") return [];
    const next = fence.endsWithHeading ? undefined : fences[index + 1];
    const status = /\b[Tt]he response is (\d{3})\b/.exec(fence.prose)?.[1];
    const { line, text } = fence;
    return [{ page, line, text, status: status === undefined ? null : Number(status), output: outputOf(next) }];
  });
}

export interface Command {
  /** The command with its continuation lines and here-documents. */
  source: string;
  /** The command without here-documents and literals in single quotes: what the shell itself runs. */
  shell: string;
  /** Additionally without text in double quotes. */
  unquoted: string;
}

const HERE_DOCUMENT = /<<-?\s*(["']?)(\w+)\1/;

type Quote = "" | "'" | '"';

/** Appends one line to a command. Returns the quote that is still open at the end of the line. */
function scanLine(command: Command, line: string, open: Quote): Quote {
  let quote = open;
  for (let index = 0; index < line.length; index++) {
    const char = line.charAt(index);
    if (char === "\\" && quote !== "'") {
      index++;
      continue;
    }
    if (char === quote) quote = "";
    else if (quote === "" && (char === "'" || char === '"')) quote = char;
    if (quote !== "'") command.shell += char;
    if (quote === "") command.unquoted += char;
  }
  return quote;
}

/** Splits a block into its commands. A loop or a function counts as one command per line. */
export function splitCommands(text: string): Command[] {
  const commands: Command[] = [];
  let current: Command | null = null;
  let quote: Quote = "";
  let delimiter: string | null = null;
  for (const line of text.replace(/\n$/, "").split("\n")) {
    if (current === null) commands.push((current = { source: "", shell: "", unquoted: "" }));
    current.source += `${line}\n`;
    if (delimiter === null) {
      quote = scanLine(current, line, quote);
      delimiter = quote === "" ? (HERE_DOCUMENT.exec(line)?.[2] ?? null) : null;
    } else if (line === delimiter) delimiter = null;
    if (delimiter === null && quote === "" && !line.endsWith("\\")) current = null;
  }
  return commands;
}
