/** The WAF rule that limits the transformations of a zone. */
import { edgeOptions, VARIANT_EDGES_PX } from "../../src/operations/delivery/variants.ts";

/** The expression of a WAF custom rule that blocks every transformation but those of our own URLs. */
export function firewallExpression(): string {
  const path = "http.request.uri.path";
  const edgesPx = Object.values(VARIANT_EDGES_PX).filter((edgePx) => edgePx !== null);
  const allowed = edgesPx.map((edgePx) => `starts_with(${path}, "/cdn-cgi/image/${edgeOptions(edgePx)}/https:")`);
  return `starts_with(${path}, "/cdn-cgi/image/")\nand not ${allowed.join("\nand not ")}`;
}
