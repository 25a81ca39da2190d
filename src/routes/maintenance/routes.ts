/** GET /api/integrity: reports mismatches between D1 rows and R2 objects. Extends the Gumnut API. */
import { createRoute } from "@hono/zod-openapi";
import { formatInstant } from "../../kernel/time.ts";
import { requireAction } from "../../middleware/authentication.ts";
import * as operations from "../../operations/maintenance/integrity.ts";
import { newRouter } from "../router.ts";
import { errorResponses, jsonResponse, credentialSecurity } from "../fieldSchemas.ts";
import { integritySchema, type IntegrityBody } from "./schemas.ts";

const get = createRoute({
  tags: ["Integrity"],
  security: credentialSecurity,
  method: "get",
  path: "/api/integrity",
  operationId: "integrity_get",
  summary: "Read the integrity report",
  description:
    "Scheduled runs compare every row with the bucket, in parts, and the report lists the mismatches. The scrub reads every stored original again and lists those whose bytes changed. Requires the owner of the deployment: the owner's key or session.",
  middleware: [requireAction("read")] as const,
  responses: {
    200: jsonResponse(integritySchema, "The last complete report and the progress of the running check"),
    ...errorResponses(),
  },
});

function findingsOf(
  findings: operations.IntegrityFinding[],
  kind: operations.IntegrityFinding["kind"],
): operations.IntegrityFinding[] {
  return findings.filter((finding) => finding.kind === kind);
}

function serializeReport({ complete, findings }: operations.IntegrityReports): IntegrityBody["report"] {
  if (complete === null || complete.completedAt === null) return null;
  return {
    started_at: formatInstant(complete.startedAt),
    completed_at: formatInstant(complete.completedAt),
    assets_checked: complete.assetsChecked,
    objects_checked: complete.objectsChecked,
    missing_count: complete.missingCount,
    missing_objects: findingsOf(findings, "missing").map((finding) => finding.subject),
    orphan_count: complete.orphanCount,
    orphan_objects: findingsOf(findings, "orphan").map((finding) => ({
      key: finding.subject,
      size_bytes: finding.storedBytes ?? 0,
    })),
    mismatch_count: complete.mismatchCount,
    size_mismatches: findingsOf(findings, "mismatch").map((finding) => ({
      asset_id: finding.subject,
      expected_bytes: finding.expectedBytes ?? 0,
      stored_bytes: finding.storedBytes ?? 0,
    })),
  };
}

function serializeProgress(running: operations.IntegrityReport | null): IntegrityBody["running"] {
  if (running === null) return null;
  return {
    started_at: formatInstant(running.startedAt),
    updated_at: formatInstant(running.updatedAt),
    assets_checked: running.assetsChecked,
    objects_checked: running.objectsChecked,
  };
}

function serializeRound(round: operations.ScrubRound) {
  return {
    started_at: formatInstant(round.startedAt),
    files_checked: round.filesChecked,
    bytes_checked: round.bytesChecked,
  };
}

function serializeScrub({
  complete,
  running,
  corruptedCount,
  corrupted,
}: operations.ScrubReport): IntegrityBody["scrub"] {
  return {
    last_round:
      complete === null || complete.completedAt === null
        ? null
        : { ...serializeRound(complete), completed_at: formatInstant(complete.completedAt) },
    running: running === null ? null : { ...serializeRound(running), updated_at: formatInstant(running.updatedAt) },
    corrupted_count: corruptedCount,
    corrupted_files: corrupted.map((file) => ({
      asset_id: file.assetId,
      version_id: file.versionId,
      first_byte: file.firstByte,
      byte_count: file.byteCount,
      expected_digest: file.expectedDigest,
      actual_digest: file.actualDigest,
      detected_at: formatInstant(file.detectedAt),
    })),
  };
}

export const integrity = newRouter().openapi(get, async (c) => {
  const status = await operations.getIntegrityStatus(c.var.context, c.var.principal);
  const { running, scrub } = status;
  const body = { report: serializeReport(status), running: serializeProgress(running), scrub: serializeScrub(scrub) };
  return c.json(body, 200);
});
