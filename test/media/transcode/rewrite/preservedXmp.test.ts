import { expect, it } from "vitest";
import { preserveXmp } from "../../../../src/media/transcode/rewrite/preservedXmp.ts";

function packet(namespaces: Record<string, string>, attributes: string, elements = ""): Uint8Array {
  const declared = Object.entries(namespaces).map(([prefix, namespace]) => `xmlns:${prefix}="${namespace}"`);
  return new TextEncoder().encode(
    `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
      `<rdf:Description rdf:about="" ${declared.join(" ")} ${attributes}>${elements}</rdf:Description></rdf:RDF></x:xmpmeta>`,
  );
}

const preservedText = (bytes: Uint8Array) => new TextDecoder().decode(preserveXmp([bytes]) ?? new Uint8Array(0));
const city = { photoshop: "http://ns.adobe.com/photoshop/1.0/" };

it.each([
  [
    "Google",
    "GCamera",
    "http://ns.google.com/photos/1.0/camera/",
    'GCamera:MotionPhoto="1" GCamera:MicroVideoOffset="5116097"',
  ],
  ["OPPO", "OpCamera", "http://ns.oppo.com/photos/1.0/camera/", 'OpCamera:VideoLength="5116097"'],
  ["OnePlus", "OpCamera", "http://ns.oplus.com/photos/1.0/camera/", 'OpCamera:VideoLength="5116097"'],
  [
    "Xiaomi",
    "MiCamera",
    "http://ns.xiaomi.com/photos/1.0/camera/",
    'MiCamera:XMPMeta="&lt;subimage offset=&quot;5116097&quot;/&gt;"',
  ],
  ["vivo", "VCamera", "http://ns.vivo.com/photos/1.0/camera/", 'VCamera:VMotionPhotoVersion="1"'],
  ["Huawei", "HwCamera", "http://ns.huawei.com/photos/1.0/camera/", 'HwCamera:VideoLength="5116097"'],
])("drops the pointers of a motion photo of %s to its removed video", (_, prefix, namespace, attributes) => {
  const text = preservedText(packet({ ...city, [prefix]: namespace }, `photoshop:City="Wien" ${attributes}`));
  expect(text).toContain('photoshop:City="Wien"');
  expect(text).not.toContain(prefix);
  expect(text).not.toContain("5116097");
});

it("drops the same pointers in elements", () => {
  const xiaomi = { ...city, MiCamera: "http://ns.xiaomi.com/photos/1.0/camera/" };
  const text = preservedText(
    packet(xiaomi, "", "<MiCamera:XMPMeta>5116097</MiCamera:XMPMeta><photoshop:City>Wien</photoshop:City>"),
  );
  expect(text).toContain("<photoshop:City>Wien</photoshop:City>");
  expect(text).not.toContain("5116097");
});

it("keeps a panorama's projection", () => {
  const panorama = { GPano: "http://ns.google.com/photos/1.0/panorama/" };
  expect(preservedText(packet(panorama, 'GPano:ProjectionType="equirectangular"'))).toContain("equirectangular");
});
