/** Writes what tasks derived from an asset: one update, with its events, in the batch of the tasks' completion. */
import { and, eq, sql, type SQL } from "drizzle-orm";
import type { Database } from "../../database.ts";
import { insertEvents, type NewEvent } from "../../events/events.ts";
import { assets } from "../../schema/schema.ts";
import type { Asset } from "../assets.ts";
import { insertAlbumEvents, updateAlbums, type MetadataUpdate } from "./metadataUpdates.ts";

export interface DerivedChange {
  /** The asset as the tasks read it. The change applies to this version and poster only. */
  asset: Asset;
  /** The columns that change. */
  values: Partial<Pick<Asset, "thumbhash" | "description" | "metrics" | "qualityScore">>;
  /** The place, and the local time that follows from its time zone; null if unchanged. Applies to this metadata only. */
  metadata: MetadataUpdate | null;
}

/** A condition: the asset is as the tasks read it. */
export function derivedChangeApplies({ asset, metadata }: DerivedChange): SQL {
  const isSameMetadata = metadata === null ? undefined : eq(assets.metadataUpdatedAt, asset.metadataUpdatedAt);
  const isSame = and(
    eq(assets.id, asset.id),
    // The events of the change name the library, which a move changes.
    eq(assets.libraryId, asset.libraryId),
    eq(assets.currentVersionId, asset.currentVersionId),
    sql`${assets.posterVersionId} IS ${asset.posterVersionId}`,
    isSameMetadata,
  );
  return sql`EXISTS (SELECT 1 FROM assets WHERE ${isSame})`;
}

function eventsOf({ asset, values, metadata }: DerivedChange): NewEvent[] {
  const isAssetChanged = Object.keys(values).length > 0 || (metadata !== null && metadata.local !== null);
  return [
    ...(metadata === null
      ? []
      : [{ eventType: "metadata_updated", entityType: "metadata", entityId: asset.id } satisfies NewEvent]),
    ...(isAssetChanged
      ? [{ eventType: "asset_updated", entityType: "asset", entityId: asset.id } satisfies NewEvent]
      : []),
  ];
}

function metadataColumns({ derived, local, captureTime }: MetadataUpdate, atMs: number) {
  return {
    ...(derived === null ? {} : { derivedMetadata: derived }),
    ...(local === null ? {} : { localUs: local.wallUs, localOffsetMinutes: local.offsetMinutes }),
    ...(captureTime === undefined
      ? {}
      : { fileMetadata: sql`json_set(file_metadata, '$.captureTime', json(${JSON.stringify(captureTime)}))` }),
    metadataUpdatedAt: sql`max(${atMs}, metadata_updated_at + 1)`,
  };
}

/** Statements for a batch, which write nothing unless `condition` holds. */
export function derivedChangeStatements(db: Database, change: DerivedChange, condition: SQL, atMs: number) {
  const { asset, values, metadata } = change;
  const update = db.orm
    .update(assets)
    .set({ ...values, ...(metadata === null ? {} : metadataColumns(metadata, atMs)), updatedAt: atMs })
    .where(and(eq(assets.id, asset.id), condition));
  return [
    insertEvents(db, asset.libraryId, atMs, eventsOf(change), condition),
    update,
    ...(metadata === null || metadata.local === null
      ? []
      : [updateAlbums(db, [metadata], atMs), insertAlbumEvents(db, [metadata], atMs)]),
  ];
}
