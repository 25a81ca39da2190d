import { describe, expect, inject, it } from "vitest";
import { AppError } from "../../../src/kernel/errors.ts";
import { parseConfig } from "../../../src/kernel/config.ts";
import {
  PermanentRecognitionError,
  type FaceImage,
  type RecognizedFace,
} from "../../../src/providers/faces/faceRecognizer.ts";
import { createFaceRecognizer } from "../../../src/providers/faces/faceRecognizerFactory.ts";
import { immichMlRecognizer } from "../../../src/providers/faces/immichMl.ts";

const baseUrl = inject("faceServerUrl");

const image: FaceImage = {
  width: 400,
  height: 300,
  mimeType: "image/webp",
  bytes: () => Promise.resolve(new Uint8Array(200)),
  pixels: () => Promise.reject(new Error("not decoded here")),
};

async function recognize(model: string, apiKey: string | null = null): Promise<RecognizedFace[]> {
  return await immichMlRecognizer({ baseUrl, model, apiKey, timeoutMs: 500 }).recognize(image);
}

async function failureOf(model: string, apiKey: string | null = null): Promise<unknown> {
  return await recognize(model, apiKey).then(
    () => null,
    (error: unknown) => error,
  );
}

describe("the recognizer immich-ml", () => {
  it("returns boxes as fractions, confidences and embeddings of unit length", async () => {
    const faces = await recognize("buffalo_l");
    expect(faces.map(({ box, confidence, landmarks }) => ({ box, confidence, landmarks }))).toEqual([
      { box: { x: 0.1, y: 0.1, w: expect.closeTo(0.1), h: expect.closeTo(0.2) }, confidence: 0.9, landmarks: null },
      { box: { x: 0.5, y: 0.5, w: 0.25, h: 0.5 }, confidence: 0.9, landmarks: null },
    ]);
    expect(faces[0]?.embedding).toHaveLength(512);
    expect([...(faces[0]?.embedding?.slice(0, 3) ?? [])]).toEqual([expect.closeTo(0.6), expect.closeTo(0.8), 0]);
  });

  it("reads the lists of older containers", async () => {
    expect((await recognize("older"))[0]?.embedding?.[1]).toBeCloseTo(0.8);
  });

  it("returns no faces of a picture without any", async () => {
    expect(await recognize("nobody")).toEqual([]);
  });

  it("sends the picture, its type and the threshold of Immich", async () => {
    const [face] = await recognize("requested");
    expect(face).toMatchObject({ box: { x: 0, y: 0, w: 200 / 400, h: "image/webp".length / 300 }, confidence: 0.7 });
  });

  it("clips boxes to the picture and drops those that are outside or empty", async () => {
    expect((await recognize("outside")).map(({ box }) => box)).toEqual([
      { x: 0, y: 0, w: 0.1, h: 0.2 },
      { x: 0.95, y: expect.closeTo(290 / 300), w: expect.closeTo(0.05), h: expect.closeTo(10 / 300) },
    ]);
  });

  it("returns no embedding for a vector of zeros", async () => {
    expect(await recognize("zeros")).toMatchObject([{ embedding: null }]);
  });

  it.each(["malformed", "other-json", "huge", "texts", "infinite", "no-size"])(
    "fails for good when the response is %s",
    async (model) => {
      const error = await failureOf(model);
      expect(error).toBeInstanceOf(PermanentRecognitionError);
      expect(error).toHaveProperty("message", "the response of IMMICH_ML_URL is not a list of faces");
    },
  );

  it("fails for good when embeddings have another number of dimensions", async () => {
    expect(await failureOf("wrong-dimension")).toEqual(
      new PermanentRecognitionError("the embeddings of IMMICH_ML_FACE_MODEL have 128 values instead of 512"),
    );
  });

  it.each(["unprocessable", "redirect"])("fails for good when the response is %s", async (model) => {
    expect(await failureOf(model)).toBeInstanceOf(PermanentRecognitionError);
  });

  it.each([
    ["server-error", /responded with 500/],
    ["disconnect", /could not be reached/],
    ["slow", /timed out/],
    ["trickle", /timed out/],
  ])("fails for a retry when the server is %s", async (model, message) => {
    const error = await failureOf(model);
    expect(error).not.toBeInstanceOf(PermanentRecognitionError);
    expect(String(error)).toMatch(message);
  });

  it("waits as long as the server asks", async () => {
    expect(await failureOf("rate-limited")).toMatchObject({ code: "rate_limited", retryAfterSeconds: 17 });
  });

  it("sends the key, and shows it in no message", async () => {
    expect(await recognize("locked", "right-key")).toEqual([]);
    const error = await failureOf("locked", "wrong-key");
    expect(error).toBeInstanceOf(PermanentRecognitionError);
    expect(String(error)).not.toContain("wrong-key");
  });

  it("names its model, so that faces of another one are found again", () => {
    expect(immichMlRecognizer({ baseUrl, model: "antelopev2", apiKey: null })).toMatchObject({
      model: "immich-ml/antelopev2@1",
      dimensions: 512,
      memoryBytes: 0,
    });
  });
});

describe("FACE_RECOGNIZER", () => {
  const secrets = { ROOT_API_KEY: "k".repeat(40), MEDIA_SIGNING_KEY: "m".repeat(40), ENVIRONMENT: "development" };
  const assets = { ASSETS: { fetch: () => Promise.reject(new Error("no assets")), connect: () => Promise.reject() } };

  function recognizerOf(vars: Record<string, string>) {
    return createFaceRecognizer(parseConfig({ ...secrets, ...vars }), assets as never);
  }

  it("is immich-ml with the URL and the model of the container", () => {
    const vars = { FACE_RECOGNIZER: "immich-ml", IMMICH_ML_URL: "http://localhost:3003/" };
    expect(recognizerOf(vars)?.model).toBe("immich-ml/buffalo_l@1");
    expect(recognizerOf({ ...vars, IMMICH_ML_FACE_MODEL: "antelopev2" })?.model).toBe("immich-ml/antelopev2@1");
  });

  it("is none for no recognition", () => {
    expect(recognizerOf({ FACE_RECOGNIZER: "none" })).toBeNull();
  });

  it.each([
    [{ FACE_RECOGNIZER: "dlib" }, /FACE_RECOGNIZER must be one of/],
    [{ FACE_RECOGNIZER: "immich-ml" }, /IMMICH_ML_URL must be/],
    [{ FACE_RECOGNIZER: "immich-ml", IMMICH_ML_URL: "http://user:secret@ml" }, /IMMICH_ML_URL must be/],
    [{ FACE_RECOGNIZER: "immich-ml", IMMICH_ML_URL: "http://ml", IMMICH_ML_FACE_MODEL: "a/b" }, /IMMICH_ML_FACE_MODEL/],
  ])("refuses %j", (vars, message) => {
    expect(() => recognizerOf(vars)).toThrow(message);
  });

  it("fails every request with the code not_configured", () => {
    expect(() => recognizerOf({ FACE_RECOGNIZER: "dlib" })).toThrow(AppError);
  });
});

describe("FACE_DETECTION_EXCLUDED_REGIONS", () => {
  const secrets = { ROOT_API_KEY: "k".repeat(40), MEDIA_SIGNING_KEY: "m".repeat(40), ENVIRONMENT: "development" };
  const regionsOf = (value?: string) =>
    parseConfig({ ...secrets, ...(value === undefined ? {} : { FACE_DETECTION_EXCLUDED_REGIONS: value }) })
      .faceDetectionExcludedRegions;

  it("has Illinois and Texas by default, and none on request", () => {
    expect(regionsOf()).toEqual(["US-IL", "US-TX"]);
    expect(regionsOf("none")).toEqual([]);
  });

  it("lists countries and states of the US", () => {
    expect(regionsOf("DE, US-WA AT")).toEqual(["DE", "US-WA", "AT"]);
  });

  it.each(["Germany", "DE-BY", "US-XX", "US-IL-Chicago", "XX", "de"])("refuses %s", (value) => {
    expect(() => regionsOf(value)).toThrow(/FACE_DETECTION_EXCLUDED_REGIONS must be none, or a list/);
  });
});
