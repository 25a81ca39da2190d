/**
 * Holds all rows against all objects, a bounded part in each scheduled run, and writes down what does not agree.
 * Mends nothing: an object without a row may be all that is left of a database that was restored to an earlier day.
 */
import { AppError } from "../../kernel/errors.ts";
import { info } from "../../kernel/log.ts";
import { assetIdOfKey, assetKeyPrefixes, keyBehindAsset, originalKey, originalsPrefix } from "../../objects/keys.ts";
import { listObjects, type ListedObject } from "../../objects/listing.ts";
import { headOriginal } from "../../objects/uploads/originals.ts";
import type { Database } from "../../records/database.ts";
import * as records from "../../records/maintenance/integrity.ts";
import { listPendingDeletions } from "../../records/deletion/purge.ts";
import { listPendingVersionDeletions } from "../../records/versions/versionCleanups.ts";
import type { Principal } from "../accounts/authentication.ts";
import { GRACE_MS, orphansAmong, type Orphan, type SweepDeps } from "./sweeps.ts";

/** A listing and up to five queries each: 960 steps a day walk 100,000 photos and what was made of them in less. */
const STEPS_PER_RUN = 10;
const ROWS_PER_STEP = 1000;
/** Kept of each kind; what is beyond is counted. */
const MAX_FINDINGS = 1000;

/** What one step looked at, and behind which key the next goes on; null: the prefix is done. */
interface Step {
  next: string | null;
  assets: number;
  objects: number;
  findings: records.Finding[];
}

/** Enough for what changed between the listing and the query. Where more are missing, it was no race. */
const MAX_HEADS = 20;

function wrongFile(assetId: string, sizeBytes: number, storedBytes: number | null): records.Finding[] {
  if (storedBytes === sizeBytes) return [];
  return [
    { kind: storedBytes === null ? "missing" : "mismatch", subject: assetId, expectedBytes: sizeBytes, storedBytes },
  ];
}

/** The files of these rows were not listed, or not as they should be: what is true of them now? One answer an asset. */
async function askAgain(
  deps: SweepDeps,
  suspectIds: string[],
  listedSizes: ReadonlyMap<string, number>,
): Promise<records.Finding[]> {
  if (suspectIds.length === 0) return [];
  const rows = await records.listStillExpected(deps.db, suspectIds);
  const findings: records.Finding[] = [];
  let heads = 0;
  for (const { assetId, files } of rows) {
    const wrong: records.Finding[] = [];
    for (const { versionId, sizeBytes } of files) {
      const key = originalKey(assetId, versionId);
      const asks = listedSizes.get(key) !== sizeBytes && heads < MAX_HEADS;
      if (asks) heads += 1;
      const storedBytes = (asks ? (await headOriginal(deps.bucket, key))?.size : listedSizes.get(key)) ?? null;
      wrong.push(...wrongFile(assetId, sizeBytes, storedBytes));
    }
    findings.push(...wrong.slice(0, 1));
  }
  return findings;
}

/** Objects without a row, but for those of assets and versions on their way in or out, and names we never gave. */
async function findOrphans(deps: SweepDeps, listed: ListedObject[]): Promise<records.Finding[]> {
  const orphans = await withoutLeaving(deps, await orphansAmong(deps, listed));
  const strays = listed.filter(
    ({ key, uploadedMs }) => assetIdOfKey(key) === null && uploadedMs <= deps.nowMs - GRACE_MS,
  );
  const sizes = new Map(listed.map((object) => [object.key, object.sizeBytes]));
  return [...orphans, ...strays].map(({ key }) => ({
    kind: "orphan",
    subject: key,
    expectedBytes: null,
    storedBytes: sizes.get(key) ?? null,
  }));
}

async function withoutLeaving(deps: SweepDeps, orphans: Orphan[]): Promise<Orphan[]> {
  if (orphans.length === 0) return [];
  const assets = await listPendingDeletions(
    deps.db,
    orphans.map((orphan) => orphan.assetId),
  );
  const versions = await listPendingVersionDeletions(
    deps.db,
    orphans.flatMap(({ versionId }) => versionId ?? []),
  );
  return orphans.filter(({ assetId, versionId }) => !assets.has(assetId) && !versions.has(versionId ?? ""));
}

/**
 * Rows and keys are in one order, since a key begins with its asset's id: the ids between two keys are found by
 * comparing with the keys' own text.
 */
async function checkOriginals(deps: SweepDeps, position: string): Promise<Step> {
  const { objects, hasMore } = await listObjects(deps.bucket, originalsPrefix, position);
  const lastKey = objects.at(-1)?.key ?? position;
  const rows = await records.listExpectedFiles(deps.db, {
    afterId: position.slice(originalsPrefix.length),
    untilId: hasMore ? lastKey.slice(originalsPrefix.length) : null,
    limit: ROWS_PER_STEP,
  });
  const lastRow = rows.length === ROWS_PER_STEP ? rows.at(-1) : undefined;
  const cut = lastRow === undefined ? null : keyBehindAsset(originalsPrefix, lastRow.assetId);
  const within = cut === null ? objects : objects.filter((object) => object.key < cut);
  const sizes = new Map(within.map((object) => [object.key, object.sizeBytes]));
  const suspects = rows.filter(({ assetId, files }) =>
    files.some(({ versionId, sizeBytes }) => sizes.get(originalKey(assetId, versionId)) !== sizeBytes),
  );
  const wrong = await askAgain(
    deps,
    suspects.map((row) => row.assetId),
    sizes,
  );
  return {
    next: cut ?? (hasMore ? lastKey : null),
    assets: rows.length,
    objects: within.length,
    findings: [...wrong, ...(await findOrphans(deps, within))],
  };
}

/** Proxies, stills and renditions come and go; only what belongs to no asset or version is wrong. */
async function checkDerived(deps: SweepDeps, prefix: string, position: string): Promise<Step> {
  const { objects, hasMore } = await listObjects(deps.bucket, prefix, position);
  const findings = await findOrphans(deps, objects);
  return { next: hasMore ? (objects.at(-1)?.key ?? null) : null, assets: 0, objects: objects.length, findings };
}

async function check(deps: SweepDeps, position: string): Promise<Step> {
  const prefix = assetKeyPrefixes.find((candidate) => position.startsWith(candidate)) ?? originalsPrefix;
  const step =
    prefix === originalsPrefix ? await checkOriginals(deps, position) : await checkDerived(deps, prefix, position);
  const following = assetKeyPrefixes[assetKeyPrefixes.indexOf(prefix) + 1] ?? null;
  return { ...step, next: step.next ?? following };
}

function countOf(findings: records.Finding[], kind: records.Finding["kind"]): number {
  return findings.filter((finding) => finding.kind === kind).length;
}

function advance(progress: records.ReportProgress, step: Step, nowMs: number): records.ReportProgress {
  return {
    position: step.next ?? "",
    assetsChecked: progress.assetsChecked + step.assets,
    objectsChecked: progress.objectsChecked + step.objects,
    missingCount: progress.missingCount + countOf(step.findings, "missing"),
    orphanCount: progress.orphanCount + countOf(step.findings, "orphan"),
    mismatchCount: progress.mismatchCount + countOf(step.findings, "mismatch"),
    completedAt: step.next === null ? nowMs : null,
  };
}

/** What the report still has room for. */
function kept(report: records.IntegrityReport, findings: records.Finding[]): records.Finding[] {
  const room = {
    missing: MAX_FINDINGS - report.missingCount,
    orphan: MAX_FINDINGS - report.orphanCount,
    mismatch: MAX_FINDINGS - report.mismatchCount,
  };
  return findings.filter((finding) => {
    room[finding.kind] -= 1;
    return room[finding.kind] >= 0;
  });
}

/**
 * Goes on with the running report, or begins the next. Saved once, at the end: a run that breaks off is walked again
 * from where it began. True when it completed a report.
 */
export async function checkIntegrity(deps: SweepDeps, steps: number = STEPS_PER_RUN): Promise<boolean> {
  const report = await records.openReport(deps.db, originalsPrefix, deps.nowMs);
  const findings: records.Finding[] = [];
  let progress: records.ReportProgress = report;
  for (let i = 0; i < steps && progress.completedAt === null; i++) {
    const step = await check(deps, progress.position);
    findings.push(...step.findings);
    progress = advance(progress, step, deps.nowMs);
  }
  await records.saveReport(deps.db, report, progress, kept(report, findings), deps.nowMs);
  const { assetsChecked, missingCount, orphanCount, mismatchCount } = progress;
  const done = progress.completedAt !== null;
  if (done) info("integrity checked", { assetsChecked, missingCount, orphanCount, mismatchCount });
  return done;
}

/** It tells of all owners' assets, so it is for the owner of the deployment alone. */
export async function readIntegrity(db: Database, who: Principal): Promise<records.Reports> {
  if (!who.managesKeys) throw new AppError("forbidden", "the integrity report is read with the owner's root key");
  return await records.readReports(db);
}

export type { Finding, IntegrityReport, Reports } from "../../records/maintenance/integrity.ts";
