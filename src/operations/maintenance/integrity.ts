/**
 * Compares all rows with all objects, a bounded part per scheduled run, and only reports differences: after a
 * database restore to an earlier time, an object without a row can be the only copy of an upload.
 */
import { info } from "../../kernel/log.ts";
import { assetIdOfKey, ASSET_KEY_PREFIXES, keyAfterAsset, originalKey, ORIGINALS_PREFIX } from "../../objects/keys.ts";
import { listObjects, type ListedObject } from "../../objects/listing.ts";
import { headOriginal } from "../../objects/uploads/originals.ts";
import * as records from "../../records/maintenance/integrity.ts";
import { readScrub, type ScrubReport } from "../../records/maintenance/scrub.ts";
import { listPendingAssetCleanups } from "../../records/deletion/purge.ts";
import { listPendingVersionCleanups } from "../../records/versions/versionCleanups.ts";
import { requireOwner, type Principal } from "../accounts/authentication.ts";
import { ORPHAN_GRACE_MS, selectOrphans, type Orphan } from "./sweeps.ts";
import type { Context } from "../context.ts";

/** A step is one listing and up to five queries. 960 steps a day check 100,000 photos and their derived objects. */
const STEPS_PER_RUN = 10;
const ROWS_PER_STEP = 1000;
/** Findings stored per kind; further ones are only counted. */
export const MAX_FINDINGS = 1000;

interface Step {
  /** Key after which the next step continues; null at the end of the prefix. */
  next: string | null;
  assets: number;
  objects: number;
  findings: records.IntegrityFinding[];
}

/** Covers files that were uploaded or deleted between the listing and the query; more differences are real. */
const MAX_HEAD_REQUESTS = 20;

function compareFile(assetId: string, sizeBytes: number, storedBytes: number | null): records.IntegrityFinding[] {
  if (storedBytes === sizeBytes) return [];
  return [
    { kind: storedBytes === null ? "missing" : "mismatch", subject: assetId, expectedBytes: sizeBytes, storedBytes },
  ];
}

/**
 * Reads rows and objects that differ from the listing again, to exclude races. Returns at most one finding per asset.
 */
async function recheckFiles(
  context: Context,
  suspectIds: string[],
  listedSizes: ReadonlyMap<string, number>,
): Promise<records.IntegrityFinding[]> {
  if (suspectIds.length === 0) return [];
  const rows = await records.relistExpectedFiles(context.db, suspectIds);
  const findings: records.IntegrityFinding[] = [];
  let headRequests = 0;
  for (const { assetId, files } of rows) {
    const assetFindings: records.IntegrityFinding[] = [];
    for (const { versionId, sizeBytes } of files) {
      const key = originalKey(assetId, versionId);
      const needsHead = listedSizes.get(key) !== sizeBytes && headRequests < MAX_HEAD_REQUESTS;
      if (needsHead) headRequests += 1;
      const storedBytes = (needsHead ? (await headOriginal(context.bucket, key))?.size : listedSizes.get(key)) ?? null;
      assetFindings.push(...compareFile(assetId, sizeBytes, storedBytes));
    }
    findings.push(...assetFindings.slice(0, 1));
  }
  return findings;
}

/** Finds objects without a row, except those being uploaded or deleted, and objects with unknown keys. */
async function findOrphans(context: Context, listed: ListedObject[]): Promise<records.IntegrityFinding[]> {
  const orphans = await excludePendingDeletions(context, await selectOrphans(context, listed));
  const unknownKeys = listed.filter(
    ({ key, uploadedMs }) => assetIdOfKey(key) === null && uploadedMs <= context.nowMs - ORPHAN_GRACE_MS,
  );
  const sizes = new Map(listed.map((object) => [object.key, object.sizeBytes]));
  return [...orphans, ...unknownKeys].map(({ key }) => ({
    kind: "orphan",
    subject: key,
    expectedBytes: null,
    storedBytes: sizes.get(key) ?? null,
  }));
}

async function excludePendingDeletions(context: Context, orphans: Orphan[]): Promise<Orphan[]> {
  if (orphans.length === 0) return [];
  const assets = await listPendingAssetCleanups(
    context.db,
    orphans.map((orphan) => orphan.assetId),
  );
  const versions = await listPendingVersionCleanups(
    context.db,
    orphans.flatMap(({ versionId }) => versionId ?? []),
  );
  return orphans.filter(({ assetId, versionId }) => !assets.has(assetId) && !versions.has(versionId ?? ""));
}

/** Merges two sorted sequences: a key starts with its asset id, so keys and rows have the same order. */
async function checkOriginals(context: Context, position: string): Promise<Step> {
  const { objects, hasMore } = await listObjects(context.bucket, ORIGINALS_PREFIX, position);
  const lastKey = objects.at(-1)?.key ?? position;
  const rows = await records.listExpectedFiles(context.db, {
    afterId: position.slice(ORIGINALS_PREFIX.length),
    untilId: hasMore ? lastKey.slice(ORIGINALS_PREFIX.length) : null,
    limit: ROWS_PER_STEP,
  });
  const lastRow = rows.length === ROWS_PER_STEP ? rows.at(-1) : undefined;
  const boundary = lastRow === undefined ? null : keyAfterAsset(ORIGINALS_PREFIX, lastRow.assetId);
  const covered = boundary === null ? objects : objects.filter((object) => object.key < boundary);
  const sizes = new Map(covered.map((object) => [object.key, object.sizeBytes]));
  const expectedKeys = new Set(
    rows.flatMap(({ assetId, files }) => files.map(({ versionId }) => originalKey(assetId, versionId))),
  );
  // Objects of the rows above are known; only the others need a lookup.
  const unexpected = covered.filter((object) => !expectedKeys.has(object.key));
  const suspects = rows.filter(({ assetId, files }) =>
    files.some(({ versionId, sizeBytes }) => sizes.get(originalKey(assetId, versionId)) !== sizeBytes),
  );
  const fileFindings = await recheckFiles(
    context,
    suspects.map((row) => row.assetId),
    sizes,
  );
  return {
    next: boundary ?? (hasMore ? lastKey : null),
    assets: rows.length,
    objects: covered.length,
    findings: [...fileFindings, ...(await findOrphans(context, unexpected))],
  };
}

/** Proxies, posters and renditions are optional, so only objects without an asset or version are findings. */
async function checkDerived(context: Context, prefix: string, position: string): Promise<Step> {
  const { objects, hasMore } = await listObjects(context.bucket, prefix, position);
  const findings = await findOrphans(context, objects);
  return { next: hasMore ? (objects.at(-1)?.key ?? null) : null, assets: 0, objects: objects.length, findings };
}

async function runStep(context: Context, position: string): Promise<Step> {
  const prefix = ASSET_KEY_PREFIXES.find((candidate) => position.startsWith(candidate)) ?? ORIGINALS_PREFIX;
  const step =
    prefix === ORIGINALS_PREFIX
      ? await checkOriginals(context, position)
      : await checkDerived(context, prefix, position);
  const nextPrefix = ASSET_KEY_PREFIXES[ASSET_KEY_PREFIXES.indexOf(prefix) + 1] ?? null;
  return { ...step, next: step.next ?? nextPrefix };
}

function countKind(findings: records.IntegrityFinding[], kind: records.IntegrityFinding["kind"]): number {
  return findings.filter((finding) => finding.kind === kind).length;
}

function advance(progress: records.ReportProgress, step: Step, nowMs: number): records.ReportProgress {
  return {
    position: step.next ?? "",
    assetsChecked: progress.assetsChecked + step.assets,
    objectsChecked: progress.objectsChecked + step.objects,
    missingCount: progress.missingCount + countKind(step.findings, "missing"),
    orphanCount: progress.orphanCount + countKind(step.findings, "orphan"),
    mismatchCount: progress.mismatchCount + countKind(step.findings, "mismatch"),
    completedAt: step.next === null ? nowMs : null,
  };
}

/** Keeps the findings that fit below `MAX_FINDINGS` per kind. */
function limitFindings(
  report: records.IntegrityReport,
  findings: records.IntegrityFinding[],
): records.IntegrityFinding[] {
  const remaining = {
    missing: MAX_FINDINGS - report.missingCount,
    orphan: MAX_FINDINGS - report.orphanCount,
    mismatch: MAX_FINDINGS - report.mismatchCount,
  };
  return findings.filter((finding) => {
    remaining[finding.kind] -= 1;
    return remaining[finding.kind] >= 0;
  });
}

/** Reports start at most once a day: a report of an idle library reads as many rows as that of a busy one. */
export const REPORT_INTERVAL_MS = 24 * 3600_000;

/**
 * Continues the current integrity report or starts the next one if it is due. Progress is saved once at the end, so an
 * interrupted run is repeated from its start. Returns true when a report was completed.
 */
export async function checkIntegrity(context: Context, steps: number = STEPS_PER_RUN): Promise<boolean> {
  const startedBefore = context.nowMs - REPORT_INTERVAL_MS;
  const report = await records.openReport(context.db, ORIGINALS_PREFIX, startedBefore, context.nowMs);
  if (report === null) return false;
  const findings: records.IntegrityFinding[] = [];
  let progress: records.ReportProgress = report;
  for (let i = 0; i < steps && progress.completedAt === null; i++) {
    const step = await runStep(context, progress.position);
    findings.push(...step.findings);
    progress = advance(progress, step, context.nowMs);
  }
  await records.saveReport(context.db, report, progress, limitFindings(report, findings), context.nowMs);
  const { assetsChecked, missingCount, orphanCount, mismatchCount } = progress;
  const isComplete = progress.completedAt !== null;
  if (isComplete) info("integrity check completed", { assetsChecked, missingCount, orphanCount, mismatchCount });
  return isComplete;
}

export interface IntegrityStatus extends records.IntegrityReports {
  scrub: ScrubReport;
}

/**
 * Reads the current and the last complete report, and the progress and findings of the scrub, which cover all users.
 * Throws `forbidden` unless the caller owns the deployment.
 */
export async function getIntegrityStatus(context: Context, principal: Principal): Promise<IntegrityStatus> {
  requireOwner(principal);
  const [reports, scrub] = await Promise.all([records.readReports(context.db), readScrub(context.db, MAX_FINDINGS)]);
  return { ...reports, scrub };
}

export type { IntegrityFinding, IntegrityReport, IntegrityReports } from "../../records/maintenance/integrity.ts";
export type { ScrubReport, ScrubRound } from "../../records/maintenance/scrub.ts";
