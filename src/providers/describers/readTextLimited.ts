/** Reads an answer as text, up to a limit, so that no server can fill the isolate's memory. */

/** Null when there is more than `maxCharacters`; the rest is not read. */
export async function boundedText(response: Response, maxCharacters: number): Promise<string | null> {
  if (response.body === null) return "";
  let text = "";
  // Leaving the loop early cancels the body.
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (text.length > maxCharacters) return null;
  }
  return text;
}
