/** The tables of films: the decoders of the code, and what the test set of films shows of them. */
import { decoders } from "../../src/media/transcode/video/posterFrame.ts";
import filmSet from "../../test/fixtures/films/films.json";
import { refusals } from "../../test/fixtures/films/refusals.ts";
import { formatValue } from "../limits/entry.ts";
import { markdownTable } from "../generatedPage.ts";

/** Containers in the order of the columns, by the extension of the test's films. */
const containers: Record<string, string[]> = {
  "MP4, M4V, 3GP": ["mp4", "3gp"],
  MOV: ["mov"],
  WebM: ["webm"],
  Matroska: ["mkv"],
  "MTS, M2TS, TS": ["mpegts", "m2ts"],
  MPG: ["mpg"],
  AVI: ["avi"],
  WMV: ["wmv"],
};

/** Codecs without a decoder, by the beginning of a film's name. */
const otherCodecs: Record<string, string> = {
  prores: "ProRes",
  mpeg4: "MPEG-4 Part 2",
  h263: "H.263",
  theora: "Theora",
  wmv2: "Windows Media Video",
};

interface Film {
  name: string;
  codec: string;
  extension: string;
  feature: string | null;
  /** Null if the film has a poster. */
  refusal: string | null;
}

const films = filmSet.map(({ file, feature }): Film => {
  const [name = "", extension = ""] = file.split(".");
  const codec = name.split("-")[0] ?? "";
  return { name, codec, extension, feature, refusal: refusals.get(name) ?? null };
});

function codecName(codec: string): string {
  const name = decoders.get(codec)?.name ?? otherCodecs[codec];
  if (name === undefined) throw new Error(`name the codec ${codec} in scripts/pictures/films.ts`);
  return name;
}

/** A film of one property can be refused although others of its codec and container are shown. */
function cellOf(codec: string, extensions: string[]): string {
  const tested = films.filter((film) => film.codec === codec && extensions.includes(film.extension));
  if (tested.length === 0) return "";
  return tested.some(({ refusal }) => refusal === null) ? "yes" : "no";
}

function tableOfCodecs(): string {
  const codecs = [...new Set([...decoders.keys(), ...films.map(({ codec }) => codec)])];
  for (const { extension } of films) {
    if (!Object.values(containers).flat().includes(extension)) {
      throw new Error(`add the container of .${extension} to scripts/pictures/films.ts`);
    }
  }
  const rows = codecs.map((codec) => {
    const cells = Object.values(containers).map((extensions) => cellOf(codec, extensions));
    if (decoders.has(codec) && !cells.includes("yes")) throw new Error(`the test set shows no film of ${codec}`);
    const limit = decoders.get(codec)?.maxSampleBytes;
    return [codecName(codec), ...cells, limit === undefined ? "" : formatValue(limit, "bytes")];
  });
  return markdownTable(["codec", ...Object.keys(containers), "largest key frame"], rows);
}

function tableOfRefusals(): string {
  const refused = films.filter((film) => film.refusal !== null && decoders.has(film.codec));
  const reasons = new Map(refused.map(({ codec, refusal }) => [refusal ?? "", codecName(codec)]));
  return markdownTable(
    ["codec", "reason"],
    [...reasons].filter(([reason]) => !reason.startsWith("no key frames")).map(([reason, name]) => [name, reason]),
  );
}

function tableOfFeatures(): string {
  const shown = films.filter(({ feature, refusal }) => feature !== null && refusal === null);
  const features = new Map<string, string[]>();
  for (const { codec, feature } of shown) {
    features.set(codec, [...new Set([...(features.get(codec) ?? []), feature ?? ""])]);
  }
  return markdownTable(
    ["codec", "also shown"],
    [...features].map(([codec, list]) => [codecName(codec), list.join("; ")]),
  );
}

export function filmSections(): string[] {
  const intro =
    "The order of the ways is in [renditions.md](renditions.md#posters-of-videos). This is what the Worker decodes itself; Media Transformations read H.264 in MP4 up to 100 MB. Each entry is that of the films of `test/fixtures/films`, whose posters are compared with ffmpeg's frames: in 8 and 10 bits, limited and full range, the matrices of BT.601, BT.709 and BT.2020, SDR, PQ and HLG, all rotations, square and other pixels, and MP4 with the movie box first or last or in fragments, as far as the codec and the container have them. An empty entry is not tested.";
  return [
    `## Films\n\n${intro}\n\n${tableOfCodecs()}`,
    `### Special cases\n\n${tableOfFeatures()}\n\nThese are refused with the reason:\n\n${tableOfRefusals()}`,
  ];
}
