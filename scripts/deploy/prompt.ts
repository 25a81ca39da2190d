import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

export interface Prompt {
  /** False with --yes and without a terminal: `ask` must not be called. */
  isInteractive: boolean;
  ask(question: string): Promise<string>;
  /** Like `ask`, without echoing the input. */
  askSecret(question: string): Promise<string>;
}

const mutedOutput = new Writable({ write: (_chunk, _encoding, done) => done() });

async function ask(question: string, output: NodeJS.WritableStream): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return (await terminal.question(question)).trim();
  } finally {
    terminal.close();
  }
}

export function terminalPrompt(yes: boolean): Prompt {
  return {
    isInteractive: !yes && process.stdin.isTTY && process.stdout.isTTY,
    ask: (question) => ask(question, process.stdout),
    async askSecret(question) {
      process.stdout.write(question);
      const answer = await ask("", mutedOutput);
      process.stdout.write("\n");
      return answer;
    },
  };
}
