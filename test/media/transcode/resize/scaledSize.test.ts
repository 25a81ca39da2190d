import { expect, it } from "vitest";
import { scaledSize } from "../../../../src/media/transcode/resize/scaledSize.ts";

it("scales the longest edge down to a limit, rounding the other to at least one pixel", () => {
  expect(scaledSize({ width: 4032, height: 3024 }, 1440)).toEqual({ width: 1440, height: 1080 });
  expect(scaledSize({ width: 3024, height: 4032 }, 360)).toEqual({ width: 270, height: 360 });
  expect(scaledSize({ width: 1001, height: 667 }, 100)).toEqual({ width: 100, height: 67 });
  expect(scaledSize({ width: 5000, height: 2 }, 360)).toEqual({ width: 360, height: 1 });
});

it("keeps the size within the limit and without one", () => {
  expect(scaledSize({ width: 360, height: 240 }, 360)).toEqual({ width: 360, height: 240 });
  expect(scaledSize({ width: 100, height: 240 }, 360)).toEqual({ width: 100, height: 240 });
  expect(scaledSize({ width: 9000, height: 7000 }, null)).toEqual({ width: 9000, height: 7000 });
});
