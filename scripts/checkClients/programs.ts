/** Finds programs in a Markdown page. */

/** A code block whose first line is a comment with the name of a file. */
const PROGRAM = /^```(?:ts|python)\n(?:\/\/|#) (\w+\.(?:ts|py))\n([^]*?)^```$/gm;

/** Returns file names and texts. Throws for a page without any. */
export function programsOf(page: string): Map<string, string> {
  const programs = new Map([...page.matchAll(PROGRAM)].map(([, name = "", text = ""]) => [name, text]));
  if (programs.size === 0) throw new Error("The page has no code block that starts with a file name.");
  return programs;
}
