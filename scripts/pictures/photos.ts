/** The table of photos: the strategies of the code, for each format that an upload may have. */
import { supportedFormats, type MediaFormat } from "../../src/media/inspect/formats.ts";
import { memorySource } from "../../src/media/inspect/bytes/byteSource.ts";
import { MAX_RENDER_INPUT_BYTES, needsDisplayProxy } from "../../src/media/transcode/preview/needsDisplayProxy.ts";
import { strategiesFor } from "../../src/operations/tasks/handlers/pictures/proxyStrategies.ts";
import { formatValue } from "../limits/entry.ts";
import { markdownTable } from "../generatedPage.ts";
import { strategyTexts, type StrategyText } from "./strategyTexts.ts";

function textOf(strategyName: string): StrategyText {
  const text = strategyTexts[strategyName];
  if (text === undefined) throw new Error(`describe the strategy ${strategyName} in scripts/pictures/strategyTexts.ts`);
  return text;
}

/** The ways to a photo's picture, in order. */
async function waysOf({ family, mimeType }: MediaFormat): Promise<StrategyText[]> {
  const isDirect = !needsDisplayProxy({ family, mimeType, sizeBytes: 0 });
  const direct = { way: "the file itself", limits: formatValue(MAX_RENDER_INPUT_BYTES, "bytes") };
  const input = { family, mimeType, isAvif: mimeType === "image/avif", hasAlpha: false, orientation: null, raw: null };
  const strategies = await strategiesFor({ ...input, source: memorySource(new Uint8Array()) }, "paid");
  return [...(isDirect ? [direct] : []), ...strategies.map(({ name }) => textOf(name))];
}

/** One row for each way. Formats with equal ways share their rows. */
export async function photoSection(): Promise<string> {
  const groups = new Map<string, { ways: StrategyText[]; extensions: string[] }>();
  for (const format of supportedFormats.filter(({ mediaType }) => mediaType === "image")) {
    const ways = await waysOf(format);
    const key = JSON.stringify(ways);
    groups.set(key, { ways, extensions: [...(groups.get(key)?.extensions ?? []), format.extension] });
  }
  const rows = [...groups.values()].flatMap(({ ways, extensions }) =>
    ways.map(({ way, limits }, i) => [
      i === 0 ? extensions.join(", ") : "",
      ways.length > 1 ? `${i + 1}. ${way}` : way,
      limits,
    ]),
  );
  const intro =
    "A file that Cloudflare Images reads is shown as it is, by Cloudflare Images or, with `RENDERER=worker`, by the Worker. Of all others one image is made that it reads, the display proxy. Limits of pixels are those of the whole image, unless they say otherwise.";
  return `## Photos\n\n${intro}\n\n${markdownTable(["extensions", "ways, in order", "up to"], rows)}`;
}
