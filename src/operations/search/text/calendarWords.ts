/** Words of dates and media types, in the languages of `calendarWords.json`, and the codes that documents have for them. */
import calendar from "./calendarWords.json" with { type: "json" };

/** Names of months and weekdays in 21 languages, folded: from `Intl.DateTimeFormat`, whose start would take milliseconds. */
const months = new Map(Object.entries(calendar.months));
const weekdays = new Map(Object.entries(calendar.weekdays));

/** Codes begin with two underscores, which no word contains. */
export const CODES = {
  /** Every document. */
  all: "__all",
  image: "__image",
  video: "__video",
  /** 1 to 12. */
  month: (month: number) => `__m${month}`,
  /** 1 to 31. */
  day: (day: number) => `__d${day}`,
  /** 0 is Sunday. */
  weekday: (weekday: number) => `__w${weekday}`,
  /** `201907` or `20190714` */
  date: (date: string) => `__${date}`,
  /** An album or a person. */
  entity: (id: string) => `__${id}`,
} as const;

const IMAGE_WORDS =
  "photo photos photograph photographs picture pictures image images pic pics foto fotos bild bilder imagen imagenes immagine immagini imagem imagens afbeelding zdjecie zdjecia фото фотография фотографии 写真 照片 图片 사진 รูป รูปภาพ ภาพถ่าย صورة صور";
const VIDEO_WORDS =
  "video videos film films filme movie movies clip clips pelicula peliculas filmato filmati видео 動画 视频 ビデオ 동영상 비디오 วิดีโอ วีดีโอ فيديو";

const mediaTypes = new Map([
  ...IMAGE_WORDS.split(" ").map((word) => [word.normalize("NFKD").normalize("NFC"), CODES.image] as const),
  ...VIDEO_WORDS.split(" ").map((word) => [word.normalize("NFKD").normalize("NFC"), CODES.video] as const),
]);

/** The month of a folded word, 1 to 12. */
export function monthOf(word: string): number | null {
  return months.get(word) ?? null;
}

/** The code of a folded word that names a month, a weekday or a media type. */
export function codeOfWord(word: string): string | null {
  const month = monthOf(word);
  if (month !== null) return CODES.month(month);
  const weekday = weekdays.get(word);
  return weekday === undefined ? (mediaTypes.get(word) ?? null) : CODES.weekday(weekday);
}

const DATES = [
  /^(?<year>\d{4})-(?<month>\d{1,2})(?:-(?<day>\d{1,2}))?$/,
  /^(?<day>\d{1,2})\.(?<month>\d{1,2})\.(?<year>\d{4})$/,
  /^(?<year>\d{4})[年년](?:(?<month>\d{1,2})[月월](?:(?<day>\d{1,2})[日일])?)?$/,
  /^(?<month>\d{1,2})[月월](?:(?<day>\d{1,2})[日일])?$/,
];

/**
 * The codes of a date such as `2019-07-14`, `14.07.2019` or `2019年7月`, all of which a document must have; null for other
 * words.
 */
export function codesOfDate(word: string): string[] | null {
  const match = DATES.map((pattern) => pattern.exec(word)).find((found) => found !== null);
  if (match === undefined) return null;
  const { year, month, day } = match.groups ?? {};
  if (month === undefined) return year === undefined ? null : [year];
  if (year !== undefined)
    return [CODES.date(`${year}${month.padStart(2, "0")}${(day ?? "").padStart(day === undefined ? 0 : 2, "0")}`)];
  return [CODES.month(Number(month)), ...(day === undefined ? [] : [CODES.day(Number(day))])];
}

/** The codes of the date of a document, whose time is local and in microseconds as if it were UTC. */
export function codesOfTime(localUs: number): string[] {
  const time = new Date(localUs / 1000);
  if (Number.isNaN(time.getTime())) return [];
  const [year = "", month = "", day = ""] = time.toISOString().slice(0, -14).split("-").slice(-3);
  return [
    year,
    CODES.month(Number(month)),
    CODES.day(Number(day)),
    CODES.weekday(time.getUTCDay()),
    CODES.date(`${year}${month}`),
    CODES.date(`${year}${month}${day}`),
  ];
}
