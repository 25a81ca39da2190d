/** Questions on the terminal. Where nobody can answer, `mayAsk` is false and asking throws. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

export interface Asker {
  mayAsk: boolean;
  ask(question: string): Promise<string>;
  /** Like `ask`, without showing what is typed. */
  askSecret(question: string): Promise<string>;
}

const silence = new Writable({ write: (_chunk, _encoding, done) => done() });

async function ask(question: string, output: NodeJS.WritableStream): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return (await terminal.question(question)).trim();
  } finally {
    terminal.close();
  }
}

export function terminalAsker(yes: boolean): Asker {
  return {
    mayAsk: !yes && process.stdin.isTTY && process.stdout.isTTY,
    ask: (question) => ask(question, process.stdout),
    async askSecret(question) {
      process.stdout.write(question);
      const answer = await ask("", silence);
      process.stdout.write("\n");
      return answer;
    },
  };
}
