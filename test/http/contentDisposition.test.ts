import { describe, expect, it } from "vitest";
import { attachmentDisposition } from "../../src/http/contentDisposition.ts";

describe("attachmentDisposition", () => {
  const names: [string, string][] = [
    ["IMG 1.jpg", `attachment; filename="IMG 1.jpg"; filename*=UTF-8''IMG%201.jpg`],
    ['a"b.jpg', `attachment; filename="a_b.jpg"; filename*=UTF-8''a%22b.jpg`],
    ["100%.jpg", `attachment; filename="100_.jpg"; filename*=UTF-8''100%25.jpg`],
    ["it's (1)*.jpg", `attachment; filename="it's (1)*.jpg"; filename*=UTF-8''it%27s%20%281%29%2A.jpg`],
    [
      "naïve 写真📷.jpg",
      `attachment; filename="na_ve _.jpg"; filename*=UTF-8''na%C3%AFve%20%E5%86%99%E7%9C%9F%F0%9F%93%B7.jpg`,
    ],
    [
      "a\r\nSet-Cookie: x=y\0.jpg",
      `attachment; filename="a__Set-Cookie: x=y_.jpg"; filename*=UTF-8''a__Set-Cookie%3A%20x%3Dy_.jpg`,
    ],
    ["\u202egpj.exe", `attachment; filename="_gpj.exe"; filename*=UTF-8''_gpj.exe`],
    ["a\u200eb\u200fc\u061c.jpg", `attachment; filename="a_b_c_.jpg"; filename*=UTF-8''a_b_c_.jpg`],
    ["../../etc\\x.jpg", `attachment; filename=".._.._etc_x.jpg"; filename*=UTF-8''.._.._etc_x.jpg`],
    ["half \ud83d.jpg", `attachment; filename="half _.jpg"; filename*=UTF-8''half%20%EF%BF%BD.jpg`],
    ["  ", "attachment"],
    ["", "attachment"],
  ];
  it.each(names)("writes %j as a header that any client can parse", (name, header) => {
    expect(attachmentDisposition(name)).toBe(header);
    expect(new Headers({ "Content-Disposition": attachmentDisposition(name) }).get("content-disposition")).toBe(header);
  });

  it("keeps all of 1,024 multi-byte characters", () => {
    const name = "写".repeat(1024);
    const [, encoded = ""] = /filename\*=UTF-8''(\S+)$/.exec(attachmentDisposition(name)) ?? [];
    expect(decodeURIComponent(encoded)).toBe(name);
  });
});
