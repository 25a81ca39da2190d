import { expect, it } from "vitest";
import { memorySource } from "../../../../../src/media/inspect/bytes/byteSource.ts";
import { openKeyFrames } from "../../../../../src/media/inspect/video/keyFrames/openKeyFrames.ts";
import { bytesOf, u32 } from "../../../../support/media/buildImage.ts";

const HEADER = [0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, 0xa6, 0xd9, 0x00, 0xaa, 0x00, 0x62, 0xce, 0x6c];
const STREAM = [0x91, 0x07, 0xdc, 0xb7, 0xb7, 0xa9, 0xcf, 0x11, 0x8e, 0xe6, 0x00, 0xc0, 0x0c, 0x20, 0x53, 0x65];
const VIDEO = [0xc0, 0xef, 0x19, 0xbc, 0x4d, 0x5b, 0xcf, 0x11, 0xa8, 0xfd, 0x00, 0x80, 0x5f, 0x5c, 0x44, 0x2b];

function object(id: number[], content: Uint8Array): Uint8Array {
  return bytesOf(id, u32(24 + content.length, true), u32(0), content);
}

/** A file with one stream, whose format has the codec's code behind 16 bytes. */
function windowsMedia(streamType: number[], code: string): Uint8Array {
  const stream = bytesOf(streamType, new Uint8Array(49), u32(40, true), new Uint8Array(12), code, new Uint8Array(20));
  return object(HEADER, bytesOf(u32(1, true), [1, 2], object(STREAM, stream)));
}

it("names the codec of a Windows Media file, which has no key frames to decode", async () => {
  const track = await openKeyFrames(memorySource(windowsMedia(VIDEO, "WMV3")));
  expect(track).toMatchObject({ codec: "WMV3" });
  expect(await track?.readKeyFrame(0, 1000)).toBeNull();
});

it("opens no Windows Media file without video", async () => {
  const sound = VIDEO.map((byte) => byte ^ 1);
  expect(await openKeyFrames(memorySource(windowsMedia(sound, "WMA2")))).toBeNull();
  expect(await openKeyFrames(memorySource(new Uint8Array(HEADER)))).toBeNull();
});
