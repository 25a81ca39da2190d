/** A made library of photos with captions in nine languages, places, people, albums and cameras; the same for each seed. */
import { newId } from "../../../src/kernel/ids.ts";
import { seededRandom } from "../random.ts";
import { sqlAll } from "../clients/account.ts";

/** A caption, and a search for it that only its photos answer. */
interface Caption {
  text: string;
  query: string;
}

const captionsByLanguage: Record<string, [text: string, query: string][]> = {
  en: [
    ["A brown dog runs along the beach", "brown dog"],
    ["Our cat sleeps on the sofa", "the cat on the sofa"],
    ["A fishing boat leaves the harbour", "fishing boat"],
    ["Climbing the mountain before sunrise", "climbing mountain"],
    ["Birthday cake with nine candles", "birthday candles"],
    ["The bride throws her bouquet", "bride bouquet"],
    ["Fresh snow on the roofs", '"fresh snow"'],
    ["Fruit stalls at the market", "fruit stall"],
    ["The night train arrives late", "night train"],
    ["Sunset behind the lighthouse", "lighthouse"],
  ],
  de: [
    ["Ein Hund läuft über die Wiese", "hund wiese"],
    ["Die Katze schläft im Wäschekorb", "waschekorb"],
    ["Segelboote auf dem See", "segelboot"],
    ["Wanderung zur Berghütte", "berghütte"],
    ["Geburtstagskuchen mit neun Kerzen", "geburtstag"],
    ["Großmutter strickt Strümpfe", "grossmutter strümpfe"],
    ["Eisblumen am Küchenfenster", "kuchenfenster"],
    ["Gemüse auf dem Wochenmarkt", "gemüse wochenmarkt"],
    ["Die Dampflok fährt durch den Wald", "dampflok im wald"],
    ["Abendrot über den Dächern", '"über den dächern"'],
  ],
  fr: [
    ["Le chien court sur la plage de galets", "chien galets"],
    ["Un chat dort près de la cheminée", "chat cheminee"],
    ["Le bateau rentre au port", "bateau port"],
    ["Pique-nique au sommet", "pique-nique"],
    ["Gâteau d'anniversaire aux fraises", "gateau fraises"],
    ["La mariée danse avec son père", "mariée danse"],
    ["Première neige dans le jardin", "premiere neige"],
    ["Fromages sur l'étal du marché", "étal fromages"],
    ["Le train bleu traverse le viaduc", "viaduc"],
    ["L'été dans les champs de lavande", "été lavande"],
  ],
  es: [
    ["El perro salta en el río", "perro rio"],
    ["Un gato sobre el tejado rojo", "gato tejado"],
    ["La barca pequeña en la orilla", "barca pequena"],
    ["Excursión a la montaña nevada", "excursion montaña"],
    ["La abuela sopla las velas", "abuela velas"],
    ["Los novios salen de la iglesia", "novios iglesia"],
    ["Muñeco de nieve con bufanda", "muñeco bufanda"],
    ["Naranjas y limones en el mercado", "naranjas limones"],
    ["El tranvía amarillo sube la cuesta", "tranvia amarillo"],
    ["Atardecer desde el mirador", "atardecer mirador"],
  ],
  it: [
    ["Il cane gioca nel prato", "cane prato"],
    ["Il gatto guarda dalla finestra", "gatto finestra"],
    ["Gondola sotto il ponte", "gondola"],
    ["Sentiero verso il rifugio", "sentiero rifugio"],
    ["Torta di compleanno al cioccolato", "torta cioccolato"],
    ["Gli sposi tagliano il nastro", "sposi nastro"],
    ["Città sotto la nebbia", "citta nebbia"],
    ["Bancarella di formaggi e salumi", "bancarella"],
    ["La stazione vuota di notte", "stazione vuota"],
    ["Tramonto sul vulcano", "tramonto vulcano"],
  ],
  ru: [
    ["Собака бежит по лесу", "собака лесу"],
    ["Кошка спит на подоконнике", "подоконник"],
    ["Лодка у старого причала", "лодка причала"],
    ["Поход в горы с палаткой", "поход палаткой"],
    ["Торт со свечами", "торт свечами"],
    ["Невеста в белом платье", "белом платье"],
    ["Ёлка в снегу", "елка снегу"],
    ["Ягоды на рынке", "ягоды рынке"],
    ["Трамвай на мосту", "трамвай"],
    ["Закат над морем", "ЗАКАТ"],
  ],
  ja: [
    ["犬が砂浜を走っている", "砂浜"],
    ["猫がこたつで寝ている", "こたつ"],
    ["港に停まる漁船", "漁船"],
    ["山頂からの朝日", "朝日"],
    ["誕生日ケーキとろうそく", "誕生日"],
    ["花嫁が手を振る", "花嫁"],
    ["屋根に積もる雪", "屋根"],
    ["市場の果物", "市場"],
    ["夜行列車が着く", "夜行列車"],
    ["灯台の夕焼け", "灯台"],
  ],
  zh: [
    ["小狗在草地上奔跑", "草地"],
    ["猫咪躺在窗台上", "窗台"],
    ["渔民撒网捕鱼", "撒网"],
    ["爬上长城的台阶", "长城"],
    ["奶奶吹灭蜡烛", "蜡烛"],
    ["新郎新娘敬茶", "敬茶"],
    ["湖面结冰了", "结冰"],
    ["夜市的小吃摊", "夜市"],
    ["高铁穿过隧道", "隧道"],
    ["荷花开满池塘", "荷花"],
  ],
  th: [
    ["สุนัขวิ่งเล่นในสวน", "สุนัข"],
    ["แมวนอนอยู่บนโซฟา", "โซฟา"],
    ["เรือหางยาวในคลอง", "หางยาว"],
    ["เดินป่าขึ้นดอย", "เดินป่า"],
    ["เค้กวันเกิดของแม่", "วันเกิด"],
    ["เจ้าสาวใส่ชุดไทย", "ชุดไทย"],
    ["หมอกยามเช้า", "หมอก"],
    ["ตลาดน้ำวันอาทิตย์", "ตลาดน้ำ"],
    ["รถไฟข้ามสะพาน", "รถไฟ"],
    ["โคมลอยบนฟ้า", "โคมลอย"],
  ],
};

const ENDINGS: Record<string, string[]> = {
  en: ["", ", in the morning", " once more", " after lunch"],
  de: ["", ", frühmorgens", " noch einmal", " nach dem Essen"],
  fr: ["", ", le matin", " encore une fois", " après midi"],
  es: ["", ", por la mañana", " otra vez", " después de comer"],
  it: ["", ", di mattina", " un'altra volta", " dopo pranzo"],
  ru: ["", ", утром", " ещё раз", " после обеда"],
  ja: ["", "（午前）", "、もう一度", "。昼のあと"],
  zh: ["", "（上午）", "，再来一次", "。午饭后"],
  th: ["", " ตอนสาย", " อีกครั้ง", " หลังอาหาร"],
};

export const captions: Caption[] = Object.values(captionsByLanguage)
  .flat()
  .map(([text, query]) => ({ text, query }));

const PLACES = [
  ["Lübeck", "Schleswig-Holstein", "Germany"],
  ["Köln", "Nordrhein-Westfalen", "Germany"],
  ["Kraków", "Małopolskie", "Poland"],
  ["Besançon", "Bourgogne-Franche-Comté", "France"],
  ["Saint-Malo", "Brittany", "France"],
  ["Málaga", "Andalusia", "Spain"],
  ["São Paulo", "São Paulo", "Brazil"],
  ["Tromsø", "Troms", "Norway"],
  ["Reykjavík", "Capital Region", "Iceland"],
  ["Kyoto", "Kyoto Prefecture", "Japan"],
  ["Chiang Mai", "Chiang Mai", "Thailand"],
  ["Wellington", "Wellington Region", "New Zealand"],
  ["Portland", "Oregon", "United States"],
  ["Valparaíso", "Valparaíso Region", "Chile"],
] as const;

const PEOPLE = [
  "Anna Kowalska",
  "Ben Okafor",
  "Zoë Lindqvist",
  "José Fernández",
  "Marie-Claire Dubois",
  "Юлия Петрова",
  "山田 太郎",
  "Siobhán O'Neill",
  "Ólafur Jónsson",
  "Priya Raman",
];

const ALBUMS = [
  "Summer holidays",
  "Hüttenwochenende",
  "Grandma turns eighty",
  "Best of the year",
  "家族旅行",
  "Garden diary",
];

const CAMERAS = [
  ["Canon", "EOS R5", "RF24-105mm F4 L IS USM"],
  ["Apple", "iPhone 14 Pro", null],
  ["FUJIFILM", "X-T5", "XF35mmF1.4 R"],
  ["Panasonic", "DMC-FZ2500", null],
] as const;

export interface MadeAsset {
  id: string;
  caption: string;
  /** Index in `captions`; null without a caption. */
  captionIndex: number | null;
  city: string | null;
  state: string | null;
  country: string | null;
  people: string[];
  albums: string[];
  camera: readonly [make: string, model: string, lens: string | null];
  fileName: string;
  mediaType: "image" | "video";
  time: Date;
}

export interface MadeLibrary {
  libraryId: string;
  assets: MadeAsset[];
}

const START_MS = Date.UTC(2008, 0, 1);
const DAYS = 365 * 16;

/** Assets without rows. */
export function makeAssets(count: number, seed: number): MadeAsset[] {
  const random = seededRandom(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const languages = Object.keys(captionsByLanguage);
  return Array.from({ length: count }, (_, i) => {
    const captionIndex = random() < 0.6 ? Math.floor(random() * captions.length) : null;
    const language = languages[Math.floor((captionIndex ?? 0) / 10)] ?? "en";
    const place = random() < 0.7 ? pick(PLACES) : null;
    const time = new Date(START_MS + Math.floor(random() * DAYS) * 86_400_000 + Math.floor(random() * 86_400) * 1000);
    const mediaType = random() < 0.1 ? "video" : "image";
    const camera = pick(CAMERAS);
    return {
      id: newId("asset", START_MS + i),
      caption: captionIndex === null ? "" : `${captions[captionIndex]?.text ?? ""}${pick(ENDINGS[language] ?? [""])}`,
      captionIndex,
      city: place?.[0] ?? null,
      state: place?.[1] ?? null,
      country: place?.[2] ?? null,
      people: PEOPLE.filter(() => random() < 0.08),
      albums: ALBUMS.filter(() => random() < 0.04),
      camera,
      fileName:
        camera[0] === "Apple"
          ? `IMG_${1000 + i}.${mediaType === "video" ? "MOV" : "HEIC"}`
          : `DSC${String(10_000 + i).padStart(6, "0")}.${mediaType === "video" ? "MP4" : "JPG"}`,
      mediaType,
      time,
    };
  });
}

async function insertAssets(libraryId: string, userId: string, assets: MadeAsset[]): Promise<void> {
  const rows = assets.map(({ camera: [make, model, lensModel], caption, time, ...asset }) => ({
    ...asset,
    localUs: time.getTime() * 1000,
    file: { make, model, ...(lensModel === null ? {} : { lensModel }) },
    user: caption === "" ? {} : { description: caption },
    derived: asset.city === null ? {} : { city: asset.city, state: asset.state, country: asset.country },
  }));
  await sqlAll(
    `INSERT INTO assets (id, library_id, user_id, checksum, checksum_sha1, file_size_bytes, mime_type, media_type,
       original_file_name, device_id, device_asset_id, file_created_at, file_modified_at, local_us, current_version_id,
       file_metadata, user_metadata, derived_metadata, metadata_updated_at, created_at, updated_at)
     SELECT value ->> 'id', ?2, ?3, value ->> 'id', value ->> 'id', 1, 'image/jpeg', value ->> 'mediaType',
       value ->> 'fileName', 'd', value ->> 'id', '', '', value ->> 'localUs', value ->> 'id',
       value -> 'file', value -> 'user', value -> 'derived', 1, 1, 1 FROM json_each(?1)`,
    JSON.stringify(rows),
    libraryId,
    userId,
  );
}

async function insertAlbums(libraryId: string, userId: string, assets: MadeAsset[]): Promise<void> {
  for (const name of ALBUMS) {
    const albumId = newId("album");
    await sqlAll(
      "INSERT INTO albums (id, library_id, user_id, name, created_at, updated_at) VALUES (?, ?, ?, ?, 1, 1)",
      albumId,
      libraryId,
      userId,
      name,
    );
    const members = assets.filter(({ albums }) => albums.includes(name)).map(({ id }) => id);
    await sqlAll(
      `INSERT INTO album_assets (id, library_id, album_id, asset_id, local_us, created_at, updated_at)
       SELECT ?2 || value, ?3, ?2, value, 1, 1, 1 FROM json_each(?1)`,
      JSON.stringify(members),
      albumId,
      libraryId,
    );
  }
}

async function insertPeople(libraryId: string, userId: string, assets: MadeAsset[]): Promise<void> {
  for (const name of PEOPLE) {
    const personId = newId("person");
    await sqlAll(
      "INSERT INTO people (id, library_id, user_id, name, created_at, updated_at) VALUES (?, ?, ?, ?, 1, 1)",
      personId,
      libraryId,
      userId,
      name,
    );
    const shown = assets.filter(({ people }) => people.includes(name)).map(({ id }) => id);
    await sqlAll(
      `INSERT INTO faces (id, library_id, asset_id, person_id, x, y, w, h, source, created_at, updated_at)
       SELECT ?2 || value, ?3, value, ?2, 0, 0, 9, 9, 'manual', 1, 1 FROM json_each(?1)`,
      JSON.stringify(shown),
      personId,
      libraryId,
    );
  }
}

/** Inserts the rows of a library, without events. */
export async function makeLibrary(
  libraryId: string,
  userId: string,
  count: number,
  seed: number,
): Promise<MadeLibrary> {
  const assets = makeAssets(count, seed);
  await insertAssets(libraryId, userId, assets);
  await insertAlbums(libraryId, userId, assets);
  await insertPeople(libraryId, userId, assets);
  return { libraryId, assets };
}

export interface LabelledQuery {
  text: string;
  isRelevant: (asset: MadeAsset) => boolean;
}

const isFrom = (asset: MadeAsset, year: number, month?: number): boolean =>
  asset.time.getUTCFullYear() === year && (month === undefined || asset.time.getUTCMonth() + 1 === month);

const captionQueries: LabelledQuery[] = captions.map(({ query }, i) => ({
  text: query,
  isRelevant: ({ captionIndex }) => captionIndex === i,
}));

const ofPerson =
  (name: string) =>
  ({ people }: MadeAsset): boolean =>
    people.includes(name);
const ofCity =
  (name: string) =>
  ({ city }: MadeAsset): boolean =>
    city === name;
const ofCaption = (start: string): ((asset: MadeAsset) => boolean) => {
  const index = captions.findIndex(({ text }) => text.startsWith(start));
  if (index === -1) throw new Error(`no caption starts with ${start}`);
  return ({ captionIndex }) => captionIndex === index;
};

const otherQueries: [text: string, isRelevant: LabelledQuery["isRelevant"]][] = [
  ["Anna Kowalska", ofPerson("Anna Kowalska")],
  ["okafor", ofPerson("Ben Okafor")],
  ["zoe", ofPerson("Zoë Lindqvist")],
  ["fernandez", ofPerson("José Fernández")],
  ["marie-claire", ofPerson("Marie-Claire Dubois")],
  ["юлия", ofPerson("Юлия Петрова")],
  ["山田", ofPerson("山田 太郎")],
  ["o'neill", ofPerson("Siobhán O'Neill")],
  ["Olafur Jonsson", ofPerson("Ólafur Jónsson")],
  ["priy", ofPerson("Priya Raman")],
  ["Lübeck", ofCity("Lübeck")],
  ["koln", ofCity("Köln")],
  ["krakow poland", ofCity("Kraków")],
  ["Besancon", ofCity("Besançon")],
  ["saint malo", ofCity("Saint-Malo")],
  ["são paulo", ofCity("São Paulo")],
  ["tromso", ofCity("Tromsø")],
  ["reykjavik", ofCity("Reykjavík")],
  ["chiang mai", ofCity("Chiang Mai")],
  ["in Oregon", ofCity("Portland")],
  ["new zealand", ofCity("Wellington")],
  ["japan", ofCity("Kyoto")],
  ["summer holidays", ({ albums }) => albums.includes("Summer holidays")],
  ["hüttenwochen", ({ albums }) => albums.includes("Hüttenwochenende")],
  ["grandma eighty", ({ albums }) => albums.includes("Grandma turns eighty")],
  ["家族", ({ albums }) => albums.includes("家族旅行")],
  ["Anna in Kyoto", (asset) => ofPerson("Anna Kowalska")(asset) && ofCity("Kyoto")(asset)],
  ["ben portland", (asset) => ofPerson("Ben Okafor")(asset) && ofCity("Portland")(asset)],
  ["lighthouse 2012", (asset) => ofCaption("Sunset behind")(asset) && isFrom(asset, 2012)],
  ["priya malaga", (asset) => ofPerson("Priya Raman")(asset) && ofCity("Málaga")(asset)],
  ["July 2019", (asset) => isFrom(asset, 2019, 7)],
  ["dezember 2015", (asset) => isFrom(asset, 2015, 12)],
  ["mars 2010", (asset) => isFrom(asset, 2010, 3)],
  ["2016年5月", (asset) => isFrom(asset, 2016, 5)],
  ["2021-11", (asset) => isFrom(asset, 2021, 11)],
  ["kyoto 2018", (asset) => ofCity("Kyoto")(asset) && isFrom(asset, 2018)],
  ["iceland videos", (asset) => ofCity("Reykjavík")(asset) && asset.mediaType === "video"],
  ["x-t5", ({ camera }) => camera[1] === "X-T5"],
  ["iphone 14 krakow", (asset) => asset.camera[0] === "Apple" && ofCity("Kraków")(asset)],
  ["fz2500 norway", (asset) => asset.camera[1] === "DMC-FZ2500" && ofCity("Tromsø")(asset)],
  ["24-105mm valparaíso", (asset) => asset.camera[1] === "EOS R5" && ofCity("Valparaíso")(asset)],
  ["lighthosue", ofCaption("Sunset behind")],
  ["bouqet", ofCaption("The bride throws")],
  ["sunsset behind", ofCaption("Sunset behind")],
  ["fernandes", ofPerson("José Fernández")],
  ["reykjavk", ofCity("Reykjavík")],
  ["gondolla", ofCaption("Gondola")],
  ["трамвпй", ofCaption("Трамвай")],
  ["summer holidays -kyoto", (asset) => asset.albums.includes("Summer holidays") && asset.city !== "Kyoto"],
  ["okafor -france", (asset) => ofPerson("Ben Okafor")(asset) && asset.country !== "France"],
  ['"night train"', ofCaption("The night train")],
];

/** Queries with their relevant assets. Those that no asset of a library answers are left out. */
export function labelledQueries({ assets }: MadeLibrary): LabelledQuery[] {
  const all = [...captionQueries, ...otherQueries.map(([text, isRelevant]) => ({ text, isRelevant }))];
  const files = [200, 901, 1402].map((i) => assets[i]).filter((asset) => asset !== undefined);
  const byFile = files.map(({ fileName }) => ({
    text: fileName,
    isRelevant: (asset: MadeAsset) => asset.fileName === fileName,
  }));
  return [...all, ...byFile].filter(({ isRelevant }) => assets.some((asset) => isRelevant(asset)));
}
