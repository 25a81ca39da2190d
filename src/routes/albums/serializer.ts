/** The serializer of albums. */
import { formatInstant, formatWallTime } from "../../kernel/time.ts";
import type { Album } from "../../operations/albums/albums.ts";
import type { AlbumBody } from "./schemas.ts";
import { thumbnailShape, type MediaLinks } from "../assets/urlSerializer.ts";

function formatEnd(wallUs: number | null, offsetMinutes: number | null): string | null {
  return wallUs === null ? null : formatWallTime({ wallUs, offsetMinutes });
}

/** `asset_urls` has the cover's thumbnail; null without a cover, or one of which there is no picture. */
export async function albumShape(album: Album, links: MediaLinks): Promise<AlbumBody> {
  const thumbnail = album.cover === null ? null : await thumbnailShape(album.cover, links);
  return {
    id: album.id,
    name: album.name,
    description: album.description,
    asset_count: album.assetCount,
    album_cover_asset_id: album.cover?.id ?? null,
    asset_urls: thumbnail === null ? null : { thumbnail },
    album_cover_thumbnail_url: thumbnail?.url ?? null,
    start_date: formatEnd(album.startUs, album.startOffsetMinutes),
    end_date: formatEnd(album.endUs, album.endOffsetMinutes),
    created_at: formatInstant(album.createdAt),
    updated_at: formatInstant(album.updatedAt),
  };
}
