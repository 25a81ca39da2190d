/** The serializer of albums. */
import { formatInstant, formatWallTime } from "../../kernel/time.ts";
import type { Album } from "../../operations/albums.ts";
import type { AlbumBody } from "../schemas/albums.ts";

function formatEnd(wallUs: number | null, offsetMinutes: number | null): string | null {
  return wallUs === null ? null : formatWallTime({ wallUs, offsetMinutes });
}

/** The `thumbnail` of the cover comes with the renderings; until then an album shows none. */
export function albumShape(album: Album): AlbumBody {
  return {
    id: album.id,
    name: album.name,
    description: album.description,
    asset_count: album.assetCount,
    album_cover_asset_id: album.cover?.assetId ?? null,
    asset_urls: null,
    album_cover_thumbnail_url: null,
    start_date: formatEnd(album.startUs, album.startOffsetMinutes),
    end_date: formatEnd(album.endUs, album.endOffsetMinutes),
    created_at: formatInstant(album.createdAt),
    updated_at: formatInstant(album.updatedAt),
  };
}
