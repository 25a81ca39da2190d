/** Inputs of a list of the assets in an album. */
import { sql, type SQL } from "drizzle-orm";
import { sqlId } from "../../sql/sqlLiterals.ts";
import type { AssetFilter, Narrowing } from "../assetFilters.ts";
import { byTime, conditions, type Input } from "./listInput.ts";
import { fewestAssets, hasPeople, personInputs, type PeopleFilter } from "./personInputs.ts";

/** In an album's own list `in_album` holds for every member, so the check is omitted. */
function inAnyAlbum({ albumFilter }: AssetFilter): Narrowing[] {
  return albumFilter === "in_album" ? ["albumFilter"] : [];
}

/** The plus keeps SQLite at the unique index: after one row of it, the members are still in order. */
function isAlbum({ libraryId }: AssetFilter, albumId: string): SQL[] {
  return [sql`b.id = ${sqlId(albumId)} AND +b.library_id = ${sqlId(libraryId)}`];
}

/**
 * Live and trashed memberships have an index each; the state `all` merges both. The album's row comes first, so that a
 * guess of another library ends there instead of comparing every member.
 */
function albumInputs(filter: AssetFilter, albumId: string): Input[] {
  const membersBy = (index: string, state: SQL): Input => ({
    from: sql`albums b CROSS JOIN album_assets l INDEXED BY ${sql.raw(index)} CROSS JOIN assets a ON a.id = l.asset_id`,
    ...conditions(
      filter,
      [
        ...isAlbum(filter, albumId),
        ...(hasPeople(filter) ? [sql`b.asset_count <= ${fewestAssets(filter)}`] : []),
        sql`l.album_id = ${sqlId(albumId)}`,
        state,
      ],
      inAnyAlbum(filter),
    ),
    ...byTime,
    timeKey: sql`l.sort_key`,
  });
  const live = membersBy("album_assets_live", sql`l.trashed_at IS NULL`);
  const trashed = membersBy("album_assets_trashed", sql`l.trashed_at IS NOT NULL`);
  if (filter.state === "live") return [live];
  // An album's trashed members are in capture order, so SQLite sorts all of them by trash time.
  if (filter.state === "trashed") return [{ ...trashed, order: "trash" }];
  return [live, trashed];
}

/**
 * People in an album: the album's members, or the assets of the people, whichever are fewer. Both are in the SQL text,
 * and the row of the album ends one of them at once.
 */
function albumPeopleInputs(filter: PeopleFilter, albumId: string): Input[] {
  const isMember = sql`EXISTS (SELECT 1 FROM album_assets m WHERE m.album_id = ${sqlId(albumId)} AND m.asset_id = a.id)`;
  const people = personInputs(filter).map((input) => ({
    ...input,
    from: sql`albums b CROSS JOIN ${input.from}`,
    where: [...isAlbum(filter, albumId), sql`b.asset_count > ${fewestAssets(filter)}`, ...input.where],
    checks: [...input.checks, isMember],
  }));
  return [...albumInputs(filter, albumId), ...people];
}

/** The members of an album, narrowed to people if the filter names some. */
export function membersOf(filter: AssetFilter, albumId: string): Input[] {
  return hasPeople(filter) ? albumPeopleInputs(filter, albumId) : albumInputs(filter, albumId);
}
