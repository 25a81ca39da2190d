/** Whether rows and objects agree, for the owner of the deployment. An extension of the contract. */
import { createRoute } from "@hono/zod-openapi";
import { formatInstant } from "../../kernel/time.ts";
import { allows } from "../../middleware/authentication.ts";
import * as operations from "../../operations/maintenance/integrity.ts";
import { newRouter } from "../router.ts";
import { failures, ok, security } from "../fieldSchemas.ts";
import { integritySchema, type IntegrityBody } from "./schemas.ts";

const get = createRoute({
  tags: ["Integrity"],
  security,
  method: "get",
  path: "/api/integrity",
  summary: "Read the integrity report",
  description:
    "Scheduled runs hold every row against the bucket, a part at a time, over and over. The report lists what did not agree. With the owner's root key only.",
  middleware: [allows("read")] as const,
  responses: { 200: ok(integritySchema, "The last complete report, and the progress of the next"), ...failures() },
});

function subjects(findings: operations.Finding[], kind: operations.Finding["kind"]): operations.Finding[] {
  return findings.filter((finding) => finding.kind === kind);
}

function reportShape({ complete, findings }: operations.Reports): IntegrityBody["report"] {
  if (complete === null || complete.completedAt === null) return null;
  return {
    started_at: formatInstant(complete.startedAt),
    completed_at: formatInstant(complete.completedAt),
    assets_checked: complete.assetsChecked,
    objects_checked: complete.objectsChecked,
    missing_count: complete.missingCount,
    missing_objects: subjects(findings, "missing").map((finding) => finding.subject),
    orphan_count: complete.orphanCount,
    orphan_objects: subjects(findings, "orphan").map((finding) => ({
      key: finding.subject,
      size_bytes: finding.storedBytes ?? 0,
    })),
    mismatch_count: complete.mismatchCount,
    size_mismatches: subjects(findings, "mismatch").map((finding) => ({
      asset_id: finding.subject,
      expected_bytes: finding.expectedBytes ?? 0,
      stored_bytes: finding.storedBytes ?? 0,
    })),
  };
}

function runningShape(running: operations.IntegrityReport | null): IntegrityBody["running"] {
  if (running === null) return null;
  return {
    started_at: formatInstant(running.startedAt),
    updated_at: formatInstant(running.updatedAt),
    assets_checked: running.assetsChecked,
    objects_checked: running.objectsChecked,
  };
}

export const integrity = newRouter().openapi(get, async (c) => {
  const reports = await operations.readIntegrity(c.var.db, c.var.principal);
  return c.json({ report: reportShape(reports), running: runningShape(reports.running) }, 200);
});
