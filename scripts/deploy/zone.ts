/** Options that serve the Worker from a host of a zone, and who resizes the images there. */
import { edgeOptions, VARIANT_EDGES_PX } from "../../src/operations/delivery/variants.ts";

const HOST_PATTERN = /^([a-z0-9-]+\.)+[a-z]{2,}$/i;
/** The values of IMAGE_DELIVERY that need a zone with Transformations. */
const ZONE_DELIVERIES = ["cf-image", "cdn-cgi"];

export interface ZoneOptions {
  zone?: string | undefined;
  "image-delivery"?: string | undefined;
}

/**
 * Returns wrangler's arguments. A zone alone keeps the Images binding: at the edge, everyone who has an image's URL can
 * order further transformations, which are billed, so `cdn-cgi` is chosen explicitly.
 */
export function zoneArguments({ zone, "image-delivery": delivery }: ZoneOptions): string[] {
  if (zone !== undefined && !HOST_PATTERN.test(zone)) {
    throw new Error(`--zone must be a host such as photos.example.com, not "${zone}".`);
  }
  if (delivery !== undefined && !ZONE_DELIVERIES.includes(delivery)) {
    throw new Error(`--image-delivery must be one of ${ZONE_DELIVERIES.join(", ")}, not "${delivery}".`);
  }
  if (delivery !== undefined && zone === undefined) throw new Error("--image-delivery needs --zone HOST.");
  const host = zone === undefined ? [] : ["--domain", zone, "--var", `PUBLIC_URL:https://${zone}`];
  return [...host, ...(delivery === undefined ? [] : ["--var", `IMAGE_DELIVERY:${delivery}`])];
}

/** The expression of a WAF custom rule that blocks every transformation but those of our own URLs. */
export function firewallExpression(): string {
  const path = "http.request.uri.path";
  const edgesPx = Object.values(VARIANT_EDGES_PX).filter((edgePx) => edgePx !== null);
  const allowed = edgesPx.map((edgePx) => `starts_with(${path}, "/cdn-cgi/image/${edgeOptions(edgePx)}/https:")`);
  return `starts_with(${path}, "/cdn-cgi/image/")\nand not ${allowed.join("\nand not ")}`;
}
