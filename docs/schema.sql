-- Generated from the migrations by npm run db:schema. Do not edit.

-- Users, libraries, API keys

CREATE TABLE api_keys (
  id text PRIMARY KEY NOT NULL,
  user_id text NOT NULL,
  name text,
  secret_hash text NOT NULL,
  actions text NOT NULL,
  library_ids text,
  is_active integer DEFAULT true NOT NULL,
  expires_at integer,
  created_at integer NOT NULL,
  last_used_at integer
);

CREATE UNIQUE INDEX api_keys_secret_hash_unique ON api_keys (secret_hash);
CREATE INDEX api_keys_by_user ON api_keys (user_id, id);

CREATE TABLE libraries (
  id text PRIMARY KEY NOT NULL,
  user_id text NOT NULL,
  name text NOT NULL,
  description text,
  asset_count integer DEFAULT 0 NOT NULL,
  storage_used_bytes integer DEFAULT 0 NOT NULL,
  storage_limit_bytes integer,
  trashed_at integer,
  purge_at integer,
  trash_cleared_at integer DEFAULT 0 NOT NULL,
  created_at integer NOT NULL,
  updated_at integer NOT NULL
, album_count integer DEFAULT 0 NOT NULL, folded_name text);

CREATE INDEX libraries_by_user ON libraries (user_id, id);
CREATE INDEX libraries_to_purge ON libraries (purge_at)
  WHERE purge_at IS NOT NULL;
CREATE INDEX libraries_by_name ON libraries (user_id, folded_name);

CREATE TRIGGER libraries_trash_cache_purge AFTER UPDATE OF trashed_at ON libraries
WHEN OLD.trashed_at IS NULL AND NEW.trashed_at IS NOT NULL
BEGIN
  INSERT INTO cache_purges (tag, library_id, requested_at) VALUES (OLD.id, OLD.id, unixepoch())
    ON CONFLICT (tag) DO UPDATE SET passes = 0, due_at = 0, requested_at = excluded.requested_at
    WHERE passes > 0;
END;

CREATE TRIGGER libraries_clear_trash_cache_purge AFTER UPDATE OF trash_cleared_at ON libraries
WHEN NEW.trash_cleared_at <> OLD.trash_cleared_at
BEGIN
  INSERT INTO cache_purges (tag, library_id, requested_at)
    VALUES (OLD.id || '-trash', OLD.id, unixepoch())
    ON CONFLICT (tag) DO UPDATE SET passes = 0, due_at = 0, requested_at = excluded.requested_at
    WHERE passes > 0;
END;

CREATE TRIGGER libraries_insert_owner AFTER INSERT ON libraries
BEGIN
  INSERT INTO library_members (id, library_id, user_id, role, state, joined_at, created_at, updated_at)
  VALUES ('member_' || substr(NEW.id, 5), NEW.id, NEW.user_id, 'owner', 'active', NEW.created_at, NEW.created_at, NEW.created_at);
END;

CREATE TRIGGER libraries_delete_members AFTER DELETE ON libraries
BEGIN
  DELETE FROM library_invitations WHERE library_id = OLD.id;
  DELETE FROM library_members WHERE library_id = OLD.id;
END;

CREATE TRIGGER libraries_clear_trash_days AFTER UPDATE OF trash_cleared_at ON libraries
WHEN NEW.trash_cleared_at <> OLD.trash_cleared_at
BEGIN
  DELETE FROM day_counts WHERE library_id = NEW.id AND trashed = 1;
  DELETE FROM month_counts WHERE library_id = NEW.id AND trashed = 1;
  INSERT INTO day_counts (library_id, trashed, day, assets, in_album, image_0, image_1, image_2, image_3,
    image_4, image_5, video_0, video_1, video_2, video_3,
    video_4, video_5, image_0_in_album, image_1_in_album, image_2_in_album, image_3_in_album,
    image_4_in_album, image_5_in_album, video_0_in_album, video_1_in_album, video_2_in_album, video_3_in_album,
    video_4_in_album, video_5_in_album)
  SELECT c.library_id, c.trashed_at IS NOT NULL, c.day, count(*), sum(c.in_album), sum((c.class = 0)), sum((c.class = 1)),
    sum((c.class = 2)), sum((c.class = 3)), sum((c.class = 4)), sum((c.class = 5)),
    sum((c.class = 6)), sum((c.class = 7)), sum((c.class = 8)), sum((c.class = 9)),
    sum((c.class = 10)), sum((c.class = 11)), sum((c.class = 0 AND c.in_album)), sum((c.class = 1 AND c.in_album)),
    sum((c.class = 2 AND c.in_album)), sum((c.class = 3 AND c.in_album)), sum((c.class = 4 AND c.in_album)), sum((c.class = 5 AND c.in_album)),
    sum((c.class = 6 AND c.in_album)), sum((c.class = 7 AND c.in_album)), sum((c.class = 8 AND c.in_album)), sum((c.class = 9 AND c.in_album)),
    sum((c.class = 10 AND c.in_album)), sum((c.class = 11 AND c.in_album))
  FROM (SELECT a.library_id, a.trashed_at, CAST(strftime('%Y%m%d', max(-62167219200, min(253402300799, (a.local_us + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER) AS day,
      a.album_count > 0 AS in_album, (a.media_type = 'video') * 6 + coalesce(a.rating, 0) AS class
    FROM assets a
    WHERE a.library_id = NEW.id AND a.trashed_at IS NOT NULL
      AND a.trash_key >= printf('%012x', NEW.trash_cleared_at + 1)) c
  WHERE (c.trashed_at IS NULL OR c.trashed_at > (SELECT trash_cleared_at FROM libraries WHERE id = c.library_id)) GROUP BY 1, 2, 3
  ON CONFLICT DO UPDATE SET assets = assets + excluded.assets, in_album = in_album + excluded.in_album, image_0 = image_0 + excluded.image_0,
    image_1 = image_1 + excluded.image_1, image_2 = image_2 + excluded.image_2, image_3 = image_3 + excluded.image_3,
    image_4 = image_4 + excluded.image_4, image_5 = image_5 + excluded.image_5, video_0 = video_0 + excluded.video_0,
    video_1 = video_1 + excluded.video_1, video_2 = video_2 + excluded.video_2, video_3 = video_3 + excluded.video_3,
    video_4 = video_4 + excluded.video_4, video_5 = video_5 + excluded.video_5, image_0_in_album = image_0_in_album + excluded.image_0_in_album,
    image_1_in_album = image_1_in_album + excluded.image_1_in_album, image_2_in_album = image_2_in_album + excluded.image_2_in_album, image_3_in_album = image_3_in_album + excluded.image_3_in_album,
    image_4_in_album = image_4_in_album + excluded.image_4_in_album, image_5_in_album = image_5_in_album + excluded.image_5_in_album, video_0_in_album = video_0_in_album + excluded.video_0_in_album,
    video_1_in_album = video_1_in_album + excluded.video_1_in_album, video_2_in_album = video_2_in_album + excluded.video_2_in_album, video_3_in_album = video_3_in_album + excluded.video_3_in_album,
    video_4_in_album = video_4_in_album + excluded.video_4_in_album, video_5_in_album = video_5_in_album + excluded.video_5_in_album;
  DELETE FROM album_month_counts WHERE trashed = 1 AND album_id IN (SELECT id FROM albums WHERE library_id = NEW.id);
  INSERT INTO album_month_counts (album_id, trashed, month, assets)
  SELECT l.album_id, 1,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (a.local_us + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    count(*)
    FROM assets a CROSS JOIN album_assets l ON l.asset_id = a.id
    WHERE a.library_id = NEW.id AND a.trashed_at IS NOT NULL
      AND a.trash_key >= printf('%012x', NEW.trash_cleared_at + 1) GROUP BY 1, 3;
END;

CREATE TRIGGER libraries_update_name AFTER UPDATE OF name ON libraries
WHEN NEW.name IS NOT OLD.name AND NEW.folded_name IS OLD.folded_name
BEGIN
  UPDATE libraries SET folded_name = NULL WHERE id = NEW.id;
END;

CREATE TRIGGER libraries_delete_clusters AFTER DELETE ON libraries
BEGIN
  DELETE FROM cluster_states WHERE library_id = OLD.id;
  DELETE FROM face_runs WHERE library_id = OLD.id;
END;

CREATE TABLE users (
  id text PRIMARY KEY NOT NULL,
  subject text NOT NULL,
  email text,
  first_name text,
  last_name text,
  timezone text,
  is_active integer DEFAULT true NOT NULL,
  is_verified integer DEFAULT true NOT NULL,
  is_superuser integer DEFAULT false NOT NULL,
  storage_used_bytes integer DEFAULT 0 NOT NULL,
  storage_limit_bytes integer NOT NULL,
  created_at integer NOT NULL,
  updated_at integer NOT NULL
, favorite_display_mode text DEFAULT 'favorite' NOT NULL, demo_mode_enabled integer DEFAULT false NOT NULL, immich_library_id text, face_detection_preference integer, home_country text, home_subdivision text);

CREATE UNIQUE INDEX users_subject_unique ON users (subject);

-- Members and invitations

CREATE TABLE invitation_redemptions (
  invitation_id text NOT NULL,
  user_id text NOT NULL,
  PRIMARY KEY(invitation_id, user_id)
) WITHOUT ROWID;

CREATE TRIGGER invitation_redemptions_count AFTER INSERT ON invitation_redemptions
BEGIN
  UPDATE library_invitations SET joiner_count = joiner_count + 1 WHERE id = NEW.invitation_id;
END;

CREATE TABLE library_invitations (
  id text PRIMARY KEY NOT NULL,
  library_id text NOT NULL,
  role text NOT NULL,
  max_joiners integer NOT NULL,
  joiner_count integer DEFAULT 0 NOT NULL,
  expires_at integer NOT NULL,
  disabled_at integer,
  created_by text NOT NULL,
  created_at integer NOT NULL,
  updated_at integer NOT NULL
);

CREATE UNIQUE INDEX library_invitations_by_policy ON library_invitations (library_id, role, max_joiners, expires_at);

CREATE TRIGGER library_invitations_delete_redemptions AFTER DELETE ON library_invitations
BEGIN
  DELETE FROM invitation_redemptions WHERE invitation_id = OLD.id;
END;

CREATE TABLE library_members (
  id text PRIMARY KEY NOT NULL,
  library_id text NOT NULL,
  user_id text NOT NULL,
  role text NOT NULL,
  state text NOT NULL,
  invitation_id text,
  joined_at integer NOT NULL,
  ended_at integer,
  last_removed_at integer,
  created_at integer NOT NULL,
  updated_at integer NOT NULL
);

CREATE UNIQUE INDEX library_members_by_library ON library_members (library_id, user_id);
CREATE INDEX library_members_active ON library_members (user_id, library_id, role)
  WHERE state = 'active';

CREATE TRIGGER library_members_insert_redemption AFTER INSERT ON library_members
WHEN NEW.invitation_id IS NOT NULL
BEGIN
  INSERT INTO invitation_redemptions (invitation_id, user_id) VALUES (NEW.invitation_id, NEW.user_id);
END;

CREATE TRIGGER library_members_update_redemption AFTER UPDATE OF joined_at ON library_members
WHEN NEW.invitation_id IS NOT NULL
BEGIN
  INSERT INTO invitation_redemptions (invitation_id, user_id)
  SELECT NEW.invitation_id, NEW.user_id WHERE NOT EXISTS (SELECT 1 FROM invitation_redemptions
    WHERE invitation_id = NEW.invitation_id AND user_id = NEW.user_id);
END;

-- Sessions and sign-ins

CREATE TABLE sessions (
  id text PRIMARY KEY NOT NULL,
  user_id text NOT NULL,
  label text NOT NULL,
  created_at integer NOT NULL,
  last_used_at integer NOT NULL,
  token_issued_at integer NOT NULL,
  expires_at integer NOT NULL,
  ended_at integer
);

CREATE INDEX sessions_by_user ON sessions (user_id, id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE sign_in_requests (
  state_hash text PRIMARY KEY NOT NULL,
  redirect_uri text NOT NULL,
  code_challenge text,
  user_id text,
  code_hash text,
  created_at integer NOT NULL,
  expires_at integer NOT NULL,
  used_at integer
);

CREATE INDEX sign_in_requests_by_expiry ON sign_in_requests (expires_at);

-- Passkeys and one-time links

CREATE TABLE passkey_challenges (
  challenge_hash text PRIMARY KEY NOT NULL,
  purpose text NOT NULL,
  bound_to text NOT NULL,
  expires_at integer NOT NULL
);

CREATE INDEX passkey_challenges_by_expiry ON passkey_challenges (expires_at);

CREATE TABLE passkeys (
  id text PRIMARY KEY NOT NULL,
  user_id text NOT NULL,
  credential_id text NOT NULL,
  public_key text NOT NULL,
  counter integer NOT NULL,
  transports text NOT NULL,
  name text NOT NULL,
  created_at integer NOT NULL,
  last_used_at integer
);

CREATE UNIQUE INDEX passkeys_credential_id_unique ON passkeys (credential_id);
CREATE INDEX passkeys_by_user ON passkeys (user_id, id);

CREATE TABLE sign_in_links (
  secret_hash text PRIMARY KEY NOT NULL,
  user_id text NOT NULL,
  created_at integer NOT NULL,
  expires_at integer NOT NULL
);

CREATE INDEX sign_in_links_by_user ON sign_in_links (user_id);
CREATE INDEX sign_in_links_by_expiry ON sign_in_links (expires_at);

-- Assets, versions, stacks

CREATE TABLE asset_versions (
  id text PRIMARY KEY NOT NULL,
  library_id text NOT NULL,
  asset_id text NOT NULL,
  position integer NOT NULL,
  kind text NOT NULL,
  mime_type text NOT NULL,
  width integer NOT NULL,
  height integer NOT NULL,
  file_size_bytes integer NOT NULL,
  checksum text NOT NULL,
  sent_checksum text,
  params text,
  created_at integer NOT NULL
);

CREATE UNIQUE INDEX asset_versions_by_asset ON asset_versions (asset_id, position);

CREATE TRIGGER asset_versions_delete_file_checks AFTER DELETE ON asset_versions WHEN OLD.position > 0
BEGIN
  DELETE FROM part_checksums WHERE version_id = OLD.id;
  DELETE FROM corrupted_files WHERE version_id = OLD.id;
END;

CREATE TRIGGER asset_versions_replace_file_checks AFTER UPDATE OF id ON asset_versions WHEN OLD.id <> NEW.id
BEGIN
  DELETE FROM part_checksums WHERE version_id = OLD.id;
  DELETE FROM corrupted_files WHERE version_id = OLD.id;
END;

CREATE TRIGGER asset_versions_delete_derived_files AFTER DELETE ON asset_versions WHEN OLD.position > 0
BEGIN
  DELETE FROM derived_files WHERE asset_id = OLD.asset_id AND version_id = OLD.id;
END;

CREATE TRIGGER asset_versions_replace_derived_files AFTER UPDATE OF id ON asset_versions WHEN OLD.id <> NEW.id
BEGIN
  DELETE FROM derived_files WHERE asset_id = OLD.asset_id AND version_id = OLD.id;
END;

CREATE TRIGGER asset_versions_delete_cache_purge AFTER DELETE ON asset_versions WHEN OLD.position > 0
BEGIN
  INSERT INTO cache_purges (tag, library_id, requested_at)
    SELECT id, library_id, unixepoch() FROM assets WHERE id = OLD.asset_id
    ON CONFLICT (tag) DO UPDATE SET passes = 0, due_at = 0, requested_at = excluded.requested_at
    WHERE passes > 0;
END;

CREATE TRIGGER asset_versions_replace_cache_purge AFTER UPDATE OF id ON asset_versions WHEN OLD.id <> NEW.id
BEGIN
  INSERT INTO cache_purges (tag, library_id, requested_at)
    VALUES (OLD.asset_id, OLD.library_id, unixepoch())
    ON CONFLICT (tag) DO UPDATE SET passes = 0, due_at = 0, requested_at = excluded.requested_at
    WHERE passes > 0;
END;

CREATE TABLE assets (
  id text PRIMARY KEY NOT NULL,
  library_id text NOT NULL,
  user_id text NOT NULL,
  checksum text NOT NULL,
  checksum_sha1 text NOT NULL,
  file_size_bytes integer NOT NULL,
  mime_type text NOT NULL,
  media_type text NOT NULL,
  original_file_name text NOT NULL,
  device_id text NOT NULL,
  device_asset_id text NOT NULL,
  file_created_at text NOT NULL,
  file_modified_at text NOT NULL,
  local_us integer NOT NULL,
  local_offset_minutes integer,
  sort_key text GENERATED ALWAYS AS ((printf('%016x', local_us + 4611686018427387904) || id)) VIRTUAL,
  trash_key text GENERATED ALWAYS AS ((printf('%012x', trashed_at) || id)) VIRTUAL,
  width integer DEFAULT 0 NOT NULL,
  height integer DEFAULT 0 NOT NULL,
  duration_seconds real,
  thumbhash text,
  description text,
  metrics text,
  kind text DEFAULT 'original' NOT NULL,
  current_version_id text NOT NULL,
  original_version_id text,
  version_bytes integer DEFAULT 0 NOT NULL,
  poster_version_id text,
  stack_id text,
  unstacked_at integer,
  latitude real,
  longitude real,
  album_count integer DEFAULT 0 NOT NULL,
  file_metadata text NOT NULL,
  auto_stack_id text GENERATED ALWAYS AS ((json_extract(file_metadata, '$.autoStackId'))) VIRTUAL,
  user_metadata text DEFAULT '{}' NOT NULL,
  derived_metadata text DEFAULT '{}' NOT NULL,
  metadata_updated_at integer NOT NULL,
  trashed_at integer,
  created_at integer NOT NULL,
  updated_at integer NOT NULL
, derived_bytes integer DEFAULT 0 NOT NULL, rating integer, quality_score real, current_size_bytes integer, poster_source text, live_photo_cid text GENERATED ALWAYS AS ((json_extract(file_metadata, '$.livePhotoCid'))) VIRTUAL);

CREATE UNIQUE INDEX assets_by_checksum ON assets (library_id, checksum);
CREATE INDEX assets_by_sha1 ON assets (library_id, checksum_sha1);
CREATE INDEX assets_by_device ON assets (library_id, device_id, device_asset_id);
CREATE INDEX assets_by_burst ON assets (library_id, auto_stack_id, sort_key)
  WHERE auto_stack_id IS NOT NULL;
CREATE INDEX assets_live ON assets (library_id, sort_key)
  WHERE trashed_at IS NULL;
CREATE INDEX assets_trashed ON assets (library_id, trash_key)
  WHERE trashed_at IS NOT NULL;
CREATE INDEX assets_trashed_by_time ON assets (library_id, sort_key)
  WHERE trashed_at IS NOT NULL;
CREATE INDEX assets_trashed_by_bucket ON assets (library_id, (local_us / 2592000000000), trash_key)
  WHERE trashed_at IS NOT NULL;
CREATE INDEX assets_by_stack ON assets (library_id, stack_id, sort_key)
  WHERE stack_id IS NOT NULL;
CREATE INDEX assets_cell_0 ON assets (library_id, (CAST((latitude + 90) / 90.00 AS INTEGER) * 100000 + CAST((longitude + 180) / 90.00 AS INTEGER)), sort_key)
  WHERE trashed_at IS NULL AND latitude IS NOT NULL AND longitude IS NOT NULL;
CREATE INDEX assets_cell_1 ON assets (library_id, (CAST((latitude + 90) / 15.00 AS INTEGER) * 100000 + CAST((longitude + 180) / 15.00 AS INTEGER)), sort_key)
  WHERE trashed_at IS NULL AND latitude IS NOT NULL AND longitude IS NOT NULL;
CREATE INDEX assets_cell_2 ON assets (library_id, (CAST((latitude + 90) / 3.00 AS INTEGER) * 100000 + CAST((longitude + 180) / 3.00 AS INTEGER)), sort_key)
  WHERE trashed_at IS NULL AND latitude IS NOT NULL AND longitude IS NOT NULL;
CREATE INDEX assets_cell_3 ON assets (library_id, (CAST((latitude + 90) / 0.50 AS INTEGER) * 100000 + CAST((longitude + 180) / 0.50 AS INTEGER)), sort_key)
  WHERE trashed_at IS NULL AND latitude IS NOT NULL AND longitude IS NOT NULL;
CREATE INDEX assets_cell_4 ON assets (library_id, (CAST((latitude + 90) / 0.10 AS INTEGER) * 100000 + CAST((longitude + 180) / 0.10 AS INTEGER)), sort_key)
  WHERE trashed_at IS NULL AND latitude IS NOT NULL AND longitude IS NOT NULL;
CREATE INDEX assets_cell_5 ON assets (library_id, (CAST((latitude + 90) / 0.02 AS INTEGER) * 100000 + CAST((longitude + 180) / 0.02 AS INTEGER)), sort_key)
  WHERE trashed_at IS NULL AND latitude IS NOT NULL AND longitude IS NOT NULL;
CREATE INDEX assets_by_kind ON assets (library_id, media_type, (album_count > 0), sort_key)
  WHERE trashed_at IS NULL;
CREATE INDEX assets_by_rating ON assets (library_id, (coalesce(rating, 0)), media_type, (album_count > 0), sort_key)
  WHERE trashed_at IS NULL;
CREATE INDEX assets_by_live_photo ON assets (library_id, live_photo_cid)
  WHERE live_photo_cid IS NOT NULL;

CREATE TRIGGER assets_copy_to_album_assets AFTER UPDATE OF local_us, trashed_at ON assets
WHEN NEW.album_count > 0 AND (NEW.local_us IS NOT OLD.local_us OR NEW.trashed_at IS NOT OLD.trashed_at)
BEGIN
  UPDATE album_assets SET local_us = NEW.local_us, trashed_at = NEW.trashed_at WHERE asset_id = NEW.id;
END;

CREATE TRIGGER assets_update_stack_counts AFTER UPDATE OF stack_id, trashed_at ON assets
WHEN NEW.stack_id IS NOT OLD.stack_id OR (NEW.trashed_at IS NULL) <> (OLD.trashed_at IS NULL)
BEGIN
  UPDATE stacks SET member_count = member_count - 1, asset_count = asset_count - (OLD.trashed_at IS NULL)
    WHERE id = OLD.stack_id;
  UPDATE stacks SET member_count = member_count + 1, asset_count = asset_count + (NEW.trashed_at IS NULL)
    WHERE id = NEW.stack_id;
END;

CREATE TRIGGER assets_delete_stack_counts AFTER DELETE ON assets WHEN OLD.stack_id IS NOT NULL
BEGIN
  UPDATE stacks SET member_count = member_count - 1, asset_count = asset_count - (OLD.trashed_at IS NULL)
    WHERE id = OLD.stack_id;
  UPDATE assets SET stack_id = NULL, updated_at = (SELECT updated_at FROM stacks WHERE id = OLD.stack_id)
    WHERE library_id = OLD.library_id AND stack_id = OLD.stack_id
      AND (SELECT member_count FROM stacks WHERE id = OLD.stack_id) < 2;
  DELETE FROM stacks WHERE id = OLD.stack_id AND member_count < 1;
END;

CREATE TRIGGER assets_delete_map_point AFTER DELETE ON assets
WHEN OLD.trashed_at IS NULL AND OLD.latitude IS NOT NULL AND OLD.longitude IS NOT NULL
BEGIN
  DELETE FROM map_points WHERE library_id = OLD.library_id
    AND cell = min(CAST((OLD.latitude + 90) * 5000 AS INTEGER), 899999) * 10000000
      + min(CAST((OLD.longitude + 180) * 5000 AS INTEGER), 1799999)
    AND sort_key = OLD.sort_key;
END;

CREATE TRIGGER assets_delete_file_checks AFTER DELETE ON assets
BEGIN
  DELETE FROM part_checksums WHERE asset_id = OLD.id;
  DELETE FROM corrupted_files WHERE asset_id = OLD.id;
END;

CREATE TRIGGER assets_replace_poster_files AFTER UPDATE OF poster_version_id ON assets
WHEN OLD.poster_version_id IS NOT NULL AND OLD.poster_version_id IS NOT NEW.poster_version_id
BEGIN
  DELETE FROM derived_files WHERE asset_id = OLD.id AND version_id = OLD.poster_version_id;
END;

CREATE TRIGGER assets_delete_derived_files AFTER DELETE ON assets
BEGIN
  DELETE FROM derived_files WHERE asset_id = OLD.id;
END;

CREATE TRIGGER assets_insert_storage AFTER INSERT ON assets
BEGIN
  UPDATE libraries SET storage_used_bytes = storage_used_bytes + NEW.file_size_bytes + NEW.version_bytes,
      asset_count = asset_count + 1
    WHERE id = NEW.library_id;
END;

CREATE TRIGGER assets_update_storage AFTER UPDATE OF file_size_bytes, version_bytes, derived_bytes ON assets
WHEN NEW.file_size_bytes + NEW.version_bytes + NEW.derived_bytes
  <> OLD.file_size_bytes + OLD.version_bytes + OLD.derived_bytes
BEGIN
  UPDATE libraries SET storage_used_bytes = storage_used_bytes
      + (NEW.file_size_bytes + NEW.version_bytes + NEW.derived_bytes)
      - (OLD.file_size_bytes + OLD.version_bytes + OLD.derived_bytes)
    WHERE id = NEW.library_id;
END;

CREATE TRIGGER assets_delete_storage AFTER DELETE ON assets
BEGIN
  UPDATE libraries SET storage_used_bytes = storage_used_bytes
      - OLD.file_size_bytes - OLD.version_bytes - OLD.derived_bytes,
      asset_count = asset_count - 1
    WHERE id = OLD.library_id;
END;

CREATE TRIGGER assets_update_cache_purge AFTER UPDATE OF trashed_at, poster_version_id ON assets
WHEN OLD.trashed_at IS NOT NEW.trashed_at
  OR (OLD.poster_version_id IS NOT NULL AND OLD.poster_version_id IS NOT NEW.poster_version_id)
BEGIN
  INSERT INTO cache_purges (tag, library_id, requested_at) VALUES (OLD.id, OLD.library_id, unixepoch())
    ON CONFLICT (tag) DO UPDATE SET passes = 0, due_at = 0, requested_at = excluded.requested_at
    WHERE passes > 0;
END;

CREATE TRIGGER assets_delete_cache_purge AFTER DELETE ON assets
WHEN EXISTS (SELECT 1 FROM libraries WHERE id = OLD.library_id AND trashed_at IS NULL)
BEGIN
  INSERT INTO cache_purges (tag, library_id, requested_at)
    VALUES (iif(OLD.trashed_at IS NULL, OLD.id, OLD.library_id || '-trash'), OLD.library_id, unixepoch())
    ON CONFLICT (tag) DO UPDATE SET passes = 0, due_at = 0, requested_at = excluded.requested_at
    WHERE passes > 0;
END;

CREATE TRIGGER assets_delete_dependents AFTER DELETE ON assets
BEGIN
  DELETE FROM asset_tasks WHERE asset_id = OLD.id;
  DELETE FROM album_assets WHERE asset_id = OLD.id;
  DELETE FROM asset_versions WHERE asset_id = OLD.id;
END;

CREATE TRIGGER assets_insert_day AFTER INSERT ON assets
BEGIN
  INSERT INTO day_counts (library_id, trashed, day, assets, in_album, image_0, image_1, image_2, image_3,
    image_4, image_5, video_0, video_1, video_2, video_3,
    video_4, video_5, image_0_in_album, image_1_in_album, image_2_in_album, image_3_in_album,
    image_4_in_album, image_5_in_album, video_0_in_album, video_1_in_album, video_2_in_album, video_3_in_album,
    video_4_in_album, video_5_in_album)
  SELECT c.library_id, c.trashed_at IS NOT NULL, c.day, sum(c.delta), sum(c.delta * c.in_album), sum(c.delta * (c.class = 0)), sum(c.delta * (c.class = 1)),
    sum(c.delta * (c.class = 2)), sum(c.delta * (c.class = 3)), sum(c.delta * (c.class = 4)), sum(c.delta * (c.class = 5)),
    sum(c.delta * (c.class = 6)), sum(c.delta * (c.class = 7)), sum(c.delta * (c.class = 8)), sum(c.delta * (c.class = 9)),
    sum(c.delta * (c.class = 10)), sum(c.delta * (c.class = 11)), sum(c.delta * (c.class = 0 AND c.in_album)), sum(c.delta * (c.class = 1 AND c.in_album)),
    sum(c.delta * (c.class = 2 AND c.in_album)), sum(c.delta * (c.class = 3 AND c.in_album)), sum(c.delta * (c.class = 4 AND c.in_album)), sum(c.delta * (c.class = 5 AND c.in_album)),
    sum(c.delta * (c.class = 6 AND c.in_album)), sum(c.delta * (c.class = 7 AND c.in_album)), sum(c.delta * (c.class = 8 AND c.in_album)), sum(c.delta * (c.class = 9 AND c.in_album)),
    sum(c.delta * (c.class = 10 AND c.in_album)), sum(c.delta * (c.class = 11 AND c.in_album))
  FROM (SELECT NEW.library_id, NEW.trashed_at, CAST(strftime('%Y%m%d', max(-62167219200, min(253402300799, (NEW.local_us + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER) AS day,
      NEW.album_count > 0 AS in_album, (NEW.media_type = 'video') * 6 + coalesce(NEW.rating, 0) AS class, 1 AS delta) c
  WHERE (c.trashed_at IS NULL OR c.trashed_at > (SELECT trash_cleared_at FROM libraries WHERE id = c.library_id)) GROUP BY 1, 2, 3
  ON CONFLICT DO UPDATE SET assets = assets + excluded.assets, in_album = in_album + excluded.in_album, image_0 = image_0 + excluded.image_0,
    image_1 = image_1 + excluded.image_1, image_2 = image_2 + excluded.image_2, image_3 = image_3 + excluded.image_3,
    image_4 = image_4 + excluded.image_4, image_5 = image_5 + excluded.image_5, video_0 = video_0 + excluded.video_0,
    video_1 = video_1 + excluded.video_1, video_2 = video_2 + excluded.video_2, video_3 = video_3 + excluded.video_3,
    video_4 = video_4 + excluded.video_4, video_5 = video_5 + excluded.video_5, image_0_in_album = image_0_in_album + excluded.image_0_in_album,
    image_1_in_album = image_1_in_album + excluded.image_1_in_album, image_2_in_album = image_2_in_album + excluded.image_2_in_album, image_3_in_album = image_3_in_album + excluded.image_3_in_album,
    image_4_in_album = image_4_in_album + excluded.image_4_in_album, image_5_in_album = image_5_in_album + excluded.image_5_in_album, video_0_in_album = video_0_in_album + excluded.video_0_in_album,
    video_1_in_album = video_1_in_album + excluded.video_1_in_album, video_2_in_album = video_2_in_album + excluded.video_2_in_album, video_3_in_album = video_3_in_album + excluded.video_3_in_album,
    video_4_in_album = video_4_in_album + excluded.video_4_in_album, video_5_in_album = video_5_in_album + excluded.video_5_in_album;
END;

CREATE TRIGGER assets_update_day AFTER UPDATE OF library_id, local_us, trashed_at, album_count, media_type, rating ON assets
WHEN NEW.library_id <> OLD.library_id
  OR CAST(strftime('%Y%m%d', max(-62167219200, min(253402300799, (NEW.local_us + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER) <> CAST(strftime('%Y%m%d', max(-62167219200, min(253402300799, (OLD.local_us + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER)
  OR NEW.trashed_at IS NOT OLD.trashed_at
  OR (NEW.album_count > 0) <> (OLD.album_count > 0)
  OR NEW.media_type <> OLD.media_type
  OR coalesce(NEW.rating, 0) <> coalesce(OLD.rating, 0)
BEGIN
  INSERT INTO day_counts (library_id, trashed, day, assets, in_album, image_0, image_1, image_2, image_3,
    image_4, image_5, video_0, video_1, video_2, video_3,
    video_4, video_5, image_0_in_album, image_1_in_album, image_2_in_album, image_3_in_album,
    image_4_in_album, image_5_in_album, video_0_in_album, video_1_in_album, video_2_in_album, video_3_in_album,
    video_4_in_album, video_5_in_album)
  SELECT c.library_id, c.trashed_at IS NOT NULL, c.day, sum(c.delta), sum(c.delta * c.in_album), sum(c.delta * (c.class = 0)), sum(c.delta * (c.class = 1)),
    sum(c.delta * (c.class = 2)), sum(c.delta * (c.class = 3)), sum(c.delta * (c.class = 4)), sum(c.delta * (c.class = 5)),
    sum(c.delta * (c.class = 6)), sum(c.delta * (c.class = 7)), sum(c.delta * (c.class = 8)), sum(c.delta * (c.class = 9)),
    sum(c.delta * (c.class = 10)), sum(c.delta * (c.class = 11)), sum(c.delta * (c.class = 0 AND c.in_album)), sum(c.delta * (c.class = 1 AND c.in_album)),
    sum(c.delta * (c.class = 2 AND c.in_album)), sum(c.delta * (c.class = 3 AND c.in_album)), sum(c.delta * (c.class = 4 AND c.in_album)), sum(c.delta * (c.class = 5 AND c.in_album)),
    sum(c.delta * (c.class = 6 AND c.in_album)), sum(c.delta * (c.class = 7 AND c.in_album)), sum(c.delta * (c.class = 8 AND c.in_album)), sum(c.delta * (c.class = 9 AND c.in_album)),
    sum(c.delta * (c.class = 10 AND c.in_album)), sum(c.delta * (c.class = 11 AND c.in_album))
  FROM (SELECT NEW.library_id, NEW.trashed_at, CAST(strftime('%Y%m%d', max(-62167219200, min(253402300799, (NEW.local_us + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER) AS day,
      NEW.album_count > 0 AS in_album, (NEW.media_type = 'video') * 6 + coalesce(NEW.rating, 0) AS class, 1 AS delta
    UNION ALL SELECT OLD.library_id, OLD.trashed_at, CAST(strftime('%Y%m%d', max(-62167219200, min(253402300799, (OLD.local_us + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER) AS day,
      OLD.album_count > 0 AS in_album, (OLD.media_type = 'video') * 6 + coalesce(OLD.rating, 0) AS class, -1 AS delta) c
  WHERE (c.trashed_at IS NULL OR c.trashed_at > (SELECT trash_cleared_at FROM libraries WHERE id = c.library_id)) GROUP BY 1, 2, 3
  ON CONFLICT DO UPDATE SET assets = assets + excluded.assets, in_album = in_album + excluded.in_album, image_0 = image_0 + excluded.image_0,
    image_1 = image_1 + excluded.image_1, image_2 = image_2 + excluded.image_2, image_3 = image_3 + excluded.image_3,
    image_4 = image_4 + excluded.image_4, image_5 = image_5 + excluded.image_5, video_0 = video_0 + excluded.video_0,
    video_1 = video_1 + excluded.video_1, video_2 = video_2 + excluded.video_2, video_3 = video_3 + excluded.video_3,
    video_4 = video_4 + excluded.video_4, video_5 = video_5 + excluded.video_5, image_0_in_album = image_0_in_album + excluded.image_0_in_album,
    image_1_in_album = image_1_in_album + excluded.image_1_in_album, image_2_in_album = image_2_in_album + excluded.image_2_in_album, image_3_in_album = image_3_in_album + excluded.image_3_in_album,
    image_4_in_album = image_4_in_album + excluded.image_4_in_album, image_5_in_album = image_5_in_album + excluded.image_5_in_album, video_0_in_album = video_0_in_album + excluded.video_0_in_album,
    video_1_in_album = video_1_in_album + excluded.video_1_in_album, video_2_in_album = video_2_in_album + excluded.video_2_in_album, video_3_in_album = video_3_in_album + excluded.video_3_in_album,
    video_4_in_album = video_4_in_album + excluded.video_4_in_album, video_5_in_album = video_5_in_album + excluded.video_5_in_album;
END;

CREATE TRIGGER assets_delete_day AFTER DELETE ON assets
BEGIN
  INSERT INTO day_counts (library_id, trashed, day, assets, in_album, image_0, image_1, image_2, image_3,
    image_4, image_5, video_0, video_1, video_2, video_3,
    video_4, video_5, image_0_in_album, image_1_in_album, image_2_in_album, image_3_in_album,
    image_4_in_album, image_5_in_album, video_0_in_album, video_1_in_album, video_2_in_album, video_3_in_album,
    video_4_in_album, video_5_in_album)
  SELECT c.library_id, c.trashed_at IS NOT NULL, c.day, sum(c.delta), sum(c.delta * c.in_album), sum(c.delta * (c.class = 0)), sum(c.delta * (c.class = 1)),
    sum(c.delta * (c.class = 2)), sum(c.delta * (c.class = 3)), sum(c.delta * (c.class = 4)), sum(c.delta * (c.class = 5)),
    sum(c.delta * (c.class = 6)), sum(c.delta * (c.class = 7)), sum(c.delta * (c.class = 8)), sum(c.delta * (c.class = 9)),
    sum(c.delta * (c.class = 10)), sum(c.delta * (c.class = 11)), sum(c.delta * (c.class = 0 AND c.in_album)), sum(c.delta * (c.class = 1 AND c.in_album)),
    sum(c.delta * (c.class = 2 AND c.in_album)), sum(c.delta * (c.class = 3 AND c.in_album)), sum(c.delta * (c.class = 4 AND c.in_album)), sum(c.delta * (c.class = 5 AND c.in_album)),
    sum(c.delta * (c.class = 6 AND c.in_album)), sum(c.delta * (c.class = 7 AND c.in_album)), sum(c.delta * (c.class = 8 AND c.in_album)), sum(c.delta * (c.class = 9 AND c.in_album)),
    sum(c.delta * (c.class = 10 AND c.in_album)), sum(c.delta * (c.class = 11 AND c.in_album))
  FROM (SELECT OLD.library_id, OLD.trashed_at, CAST(strftime('%Y%m%d', max(-62167219200, min(253402300799, (OLD.local_us + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER) AS day,
      OLD.album_count > 0 AS in_album, (OLD.media_type = 'video') * 6 + coalesce(OLD.rating, 0) AS class, -1 AS delta) c
  WHERE (c.trashed_at IS NULL OR c.trashed_at > (SELECT trash_cleared_at FROM libraries WHERE id = c.library_id)) GROUP BY 1, 2, 3
  ON CONFLICT DO UPDATE SET assets = assets + excluded.assets, in_album = in_album + excluded.in_album, image_0 = image_0 + excluded.image_0,
    image_1 = image_1 + excluded.image_1, image_2 = image_2 + excluded.image_2, image_3 = image_3 + excluded.image_3,
    image_4 = image_4 + excluded.image_4, image_5 = image_5 + excluded.image_5, video_0 = video_0 + excluded.video_0,
    video_1 = video_1 + excluded.video_1, video_2 = video_2 + excluded.video_2, video_3 = video_3 + excluded.video_3,
    video_4 = video_4 + excluded.video_4, video_5 = video_5 + excluded.video_5, image_0_in_album = image_0_in_album + excluded.image_0_in_album,
    image_1_in_album = image_1_in_album + excluded.image_1_in_album, image_2_in_album = image_2_in_album + excluded.image_2_in_album, image_3_in_album = image_3_in_album + excluded.image_3_in_album,
    image_4_in_album = image_4_in_album + excluded.image_4_in_album, image_5_in_album = image_5_in_album + excluded.image_5_in_album, video_0_in_album = video_0_in_album + excluded.video_0_in_album,
    video_1_in_album = video_1_in_album + excluded.video_1_in_album, video_2_in_album = video_2_in_album + excluded.video_2_in_album, video_3_in_album = video_3_in_album + excluded.video_3_in_album,
    video_4_in_album = video_4_in_album + excluded.video_4_in_album, video_5_in_album = video_5_in_album + excluded.video_5_in_album;
END;

CREATE TRIGGER assets_move_storage AFTER UPDATE OF library_id ON assets WHEN NEW.library_id <> OLD.library_id
BEGIN
  UPDATE libraries SET storage_used_bytes = storage_used_bytes
      - OLD.file_size_bytes - OLD.version_bytes - OLD.derived_bytes, asset_count = asset_count - 1
    WHERE id = OLD.library_id;
  UPDATE libraries SET storage_used_bytes = storage_used_bytes
      + NEW.file_size_bytes + NEW.version_bytes + NEW.derived_bytes, asset_count = asset_count + 1
    WHERE id = NEW.library_id;
END;

CREATE TRIGGER assets_move_dependents AFTER UPDATE OF library_id ON assets WHEN NEW.library_id <> OLD.library_id
BEGIN
  UPDATE asset_versions SET library_id = NEW.library_id WHERE asset_id = NEW.id;
  UPDATE asset_tasks SET library_id = NEW.library_id, user_id = NEW.user_id WHERE asset_id = NEW.id;
END;

CREATE TRIGGER assets_move_cache_purge AFTER UPDATE OF library_id ON assets WHEN NEW.library_id <> OLD.library_id
BEGIN
  INSERT INTO cache_purges (tag, library_id, requested_at) VALUES (OLD.id, OLD.library_id, unixepoch())
    ON CONFLICT (tag) DO UPDATE SET passes = 0, due_at = 0, requested_at = excluded.requested_at
    WHERE passes > 0;
END;

CREATE TRIGGER assets_insert_map_point AFTER INSERT ON assets
WHEN NEW.trashed_at IS NULL AND NEW.latitude IS NOT NULL AND NEW.longitude IS NOT NULL
BEGIN
  INSERT INTO map_points (library_id, cell, sort_key, latitude, longitude, media_type)
  SELECT NEW.library_id, min(CAST((NEW.latitude + 90) * 5000 AS INTEGER), 899999) * 10000000
      + min(CAST((NEW.longitude + 180) * 5000 AS INTEGER), 1799999),
    NEW.sort_key, NEW.latitude, NEW.longitude, NEW.media_type
    WHERE NEW.trashed_at IS NULL AND NEW.latitude IS NOT NULL AND NEW.longitude IS NOT NULL;
END;

CREATE TRIGGER assets_update_map_point AFTER UPDATE OF library_id, latitude, longitude, local_us, trashed_at, media_type ON assets
WHEN NEW.library_id <> OLD.library_id OR NEW.latitude IS NOT OLD.latitude OR NEW.longitude IS NOT OLD.longitude
  OR NEW.local_us <> OLD.local_us OR (NEW.trashed_at IS NULL) <> (OLD.trashed_at IS NULL)
  OR NEW.media_type <> OLD.media_type
BEGIN
  DELETE FROM map_points WHERE library_id = OLD.library_id
    AND cell = min(CAST((OLD.latitude + 90) * 5000 AS INTEGER), 899999) * 10000000
      + min(CAST((OLD.longitude + 180) * 5000 AS INTEGER), 1799999)
    AND sort_key = OLD.sort_key;
  INSERT INTO map_points (library_id, cell, sort_key, latitude, longitude, media_type)
  SELECT NEW.library_id, min(CAST((NEW.latitude + 90) * 5000 AS INTEGER), 899999) * 10000000
      + min(CAST((NEW.longitude + 180) * 5000 AS INTEGER), 1799999),
    NEW.sort_key, NEW.latitude, NEW.longitude, NEW.media_type
    WHERE NEW.trashed_at IS NULL AND NEW.latitude IS NOT NULL AND NEW.longitude IS NOT NULL;
END;

CREATE TRIGGER assets_delete_faces AFTER DELETE ON assets
BEGIN
  DELETE FROM faces WHERE asset_id = OLD.id;
END;

CREATE TRIGGER assets_trash_faces AFTER UPDATE OF trashed_at ON assets
WHEN NEW.trashed_at IS NOT OLD.trashed_at
BEGIN
  UPDATE faces SET trashed_at = NEW.trashed_at WHERE asset_id = NEW.id;
END;

CREATE TRIGGER assets_update_person_assets AFTER UPDATE OF local_us, trashed_at ON assets
WHEN (NEW.local_us <> OLD.local_us OR NEW.trashed_at IS NOT OLD.trashed_at)
  AND EXISTS (SELECT 1 FROM person_assets WHERE asset_id = NEW.id)
BEGIN
  DELETE FROM person_pairs WHERE OLD.trashed_at IS NULL AND (library_id, low_id, high_id, sort_key) IN (
    SELECT l.library_id, l.person_id, h.person_id, OLD.sort_key
    FROM person_assets l CROSS JOIN person_assets h
    WHERE l.asset_id = OLD.id AND h.asset_id = OLD.id AND h.person_id >= l.person_id
      AND (h.person_id = l.person_id OR (l.is_paired = 1 AND h.is_paired = 1)));
  UPDATE people SET asset_count = asset_count + (NEW.trashed_at IS NULL) - (OLD.trashed_at IS NULL)
    WHERE (NEW.trashed_at IS NULL) <> (OLD.trashed_at IS NULL)
      AND id IN (SELECT person_id FROM person_assets WHERE asset_id = NEW.id);
  UPDATE person_assets SET local_us = NEW.local_us, trashed_at = NEW.trashed_at WHERE asset_id = NEW.id;
  INSERT INTO person_pairs (library_id, low_id, high_id, sort_key, local_us)
  SELECT l.library_id, l.person_id, h.person_id, NEW.sort_key, NEW.local_us
    FROM person_assets l CROSS JOIN person_assets h
    WHERE NEW.trashed_at IS NULL AND l.asset_id = NEW.id AND h.asset_id = NEW.id AND h.person_id >= l.person_id
      AND (h.person_id = l.person_id OR (l.is_paired = 1 AND h.is_paired = 1));
END;

CREATE TRIGGER assets_update_live_photo AFTER UPDATE OF thumbhash, trashed_at, library_id ON assets
WHEN NEW.live_photo_cid IS NOT NULL AND (NEW.library_id <> OLD.library_id
  OR (NEW.media_type = 'video' AND OLD.trashed_at IS NOT NULL AND NEW.trashed_at IS NULL)
  OR (NEW.media_type = 'image' AND (OLD.trashed_at IS NULL) <> (NEW.trashed_at IS NULL))
  OR (NEW.media_type = 'image' AND NEW.thumbhash IS NOT NULL AND NEW.thumbhash IS NOT OLD.thumbhash))
BEGIN
  UPDATE asset_tasks SET
    tasks = json_patch(tasks, json_object('video_thumbnail_extract', json_object('status', 'pending',
      'dueAt', NEW.updated_at, 'retries', NULL, 'result', NULL, 'outcome', NULL, 'completedAt', NULL))),
    states = states + (1 - states / 65536 % 4) * 65536,
    due_at = min(coalesce(due_at, NEW.updated_at), NEW.updated_at),
    revision = revision + 1
  WHERE json_type(tasks, '$.video_thumbnail_extract') IS NOT NULL AND asset_id IN (
    SELECT f.id FROM assets f INDEXED BY assets_by_live_photo
    WHERE f.library_id IN (OLD.library_id, NEW.library_id) AND f.live_photo_cid = NEW.live_photo_cid
      AND f.media_type = 'video' AND (f.poster_version_id IS NULL OR f.poster_source <> 'client'));
END;

CREATE TRIGGER assets_delete_live_photo AFTER DELETE ON assets
WHEN OLD.live_photo_cid IS NOT NULL AND OLD.media_type = 'image'
BEGIN
  UPDATE asset_tasks SET
    tasks = json_patch(tasks, json_object('video_thumbnail_extract', json_object('status', 'pending',
      'dueAt', OLD.updated_at, 'retries', NULL, 'result', NULL, 'outcome', NULL, 'completedAt', NULL))),
    states = states + (1 - states / 65536 % 4) * 65536,
    due_at = min(coalesce(due_at, OLD.updated_at), OLD.updated_at),
    revision = revision + 1
  WHERE json_type(tasks, '$.video_thumbnail_extract') IS NOT NULL AND asset_id IN (
    SELECT f.id FROM assets f INDEXED BY assets_by_live_photo
    WHERE f.library_id = OLD.library_id AND f.live_photo_cid = OLD.live_photo_cid
      AND f.media_type = 'video' AND f.poster_source NOT IN ('client', 'film', 'outdated'));
END;

CREATE TRIGGER assets_update_poster_source AFTER UPDATE OF poster_version_id ON assets
WHEN NEW.poster_version_id IS NOT OLD.poster_version_id AND NEW.poster_source IS OLD.poster_source
  AND NEW.poster_source <> 'client'
BEGIN
  UPDATE assets SET poster_source = NULL WHERE id = NEW.id;
END;

CREATE TABLE derived_files (
  asset_id text NOT NULL,
  version_id text NOT NULL,
  name text NOT NULL,
  size_bytes integer NOT NULL,
  PRIMARY KEY(asset_id, version_id, name)
) WITHOUT ROWID;

CREATE TRIGGER derived_files_insert AFTER INSERT ON derived_files
BEGIN
  UPDATE assets SET derived_bytes = derived_bytes + NEW.size_bytes WHERE id = NEW.asset_id;
END;

CREATE TRIGGER derived_files_update AFTER UPDATE OF size_bytes ON derived_files
WHEN NEW.size_bytes <> OLD.size_bytes
BEGIN
  UPDATE assets SET derived_bytes = derived_bytes + NEW.size_bytes - OLD.size_bytes WHERE id = NEW.asset_id;
END;

CREATE TRIGGER derived_files_delete AFTER DELETE ON derived_files
BEGIN
  UPDATE assets SET derived_bytes = derived_bytes - OLD.size_bytes WHERE id = OLD.asset_id;
END;

CREATE TRIGGER derived_files_delete_crop AFTER DELETE ON derived_files
WHEN substr(OLD.name, 1, 5) = 'face_' AND EXISTS (SELECT 1 FROM assets WHERE id = OLD.asset_id)
  AND NOT EXISTS (SELECT 1 FROM asset_cleanups WHERE asset_id = OLD.asset_id)
BEGIN
  INSERT INTO crop_cleanups (asset_id, version_id, name, due_at) VALUES (OLD.asset_id, OLD.version_id, OLD.name, 0)
    ON CONFLICT DO UPDATE SET due_at = 0, passes = 0;
  INSERT INTO cache_purges (tag, library_id, requested_at)
  SELECT substr(OLD.name, 1, 27), a.library_id, unixepoch() FROM assets a WHERE a.id = OLD.asset_id
    ON CONFLICT (tag) DO UPDATE SET passes = 0, due_at = 0, requested_at = excluded.requested_at
    WHERE passes > 0;
END;

CREATE TABLE stacks (
  id text PRIMARY KEY NOT NULL,
  library_id text NOT NULL,
  user_id text NOT NULL,
  origin text NOT NULL,
  primary_asset_id text,
  asset_count integer DEFAULT 0 NOT NULL,
  member_count integer DEFAULT 0 NOT NULL,
  created_at integer NOT NULL,
  updated_at integer NOT NULL
);

CREATE INDEX stacks_by_library ON stacks (library_id, id);
CREATE INDEX stacks_by_origin ON stacks (library_id, origin, id);
CREATE INDEX stacks_by_primary ON stacks (library_id, primary_asset_id, id)
  WHERE primary_asset_id IS NOT NULL;

-- Albums

CREATE TABLE album_assets (
  id text PRIMARY KEY NOT NULL,
  library_id text NOT NULL,
  album_id text NOT NULL,
  asset_id text NOT NULL,
  local_us integer NOT NULL,
  trashed_at integer,
  sort_key text GENERATED ALWAYS AS ((printf('%016x', local_us + 4611686018427387904) || asset_id)) VIRTUAL,
  created_at integer NOT NULL,
  updated_at integer NOT NULL
);

CREATE UNIQUE INDEX album_assets_pair ON album_assets (album_id, asset_id);
CREATE INDEX album_assets_live ON album_assets (album_id, sort_key)
  WHERE trashed_at IS NULL;
CREATE INDEX album_assets_trashed ON album_assets (album_id, sort_key)
  WHERE trashed_at IS NOT NULL;
CREATE INDEX album_assets_by_asset ON album_assets (asset_id, album_id);
CREATE INDEX album_assets_by_id ON album_assets (library_id, id);
CREATE INDEX album_assets_by_album ON album_assets (album_id, id);

CREATE TRIGGER album_assets_insert_month AFTER INSERT ON album_assets
BEGIN
  INSERT INTO album_month_counts (album_id, trashed, month, assets)
  SELECT NEW.album_id, NEW.trashed_at IS NOT NULL,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (NEW.local_us + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    1
    WHERE (NEW.trashed_at IS NULL OR NEW.trashed_at > (SELECT trash_cleared_at FROM libraries WHERE id = NEW.library_id))
  ON CONFLICT DO UPDATE SET assets = assets + excluded.assets;
END;

CREATE TRIGGER album_assets_update_month AFTER UPDATE OF local_us, trashed_at ON album_assets
WHEN NEW.local_us <> OLD.local_us OR NEW.trashed_at IS NOT OLD.trashed_at
BEGIN
  INSERT INTO album_month_counts (album_id, trashed, month, assets)
  SELECT NEW.album_id, c.trashed_at IS NOT NULL,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (c.local_us + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    c.delta
    FROM (SELECT NEW.trashed_at, NEW.local_us, 1 AS delta UNION ALL SELECT OLD.trashed_at, OLD.local_us, -1) c
    WHERE (c.trashed_at IS NULL OR c.trashed_at > (SELECT trash_cleared_at FROM libraries WHERE id = NEW.library_id))
  ON CONFLICT DO UPDATE SET assets = assets + excluded.assets;
END;

CREATE TRIGGER album_assets_delete_month AFTER DELETE ON album_assets
BEGIN
  INSERT INTO album_month_counts (album_id, trashed, month, assets)
  SELECT OLD.album_id, OLD.trashed_at IS NOT NULL,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (OLD.local_us + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    -1
    WHERE (OLD.trashed_at IS NULL OR OLD.trashed_at > (SELECT trash_cleared_at FROM libraries WHERE id = OLD.library_id))
  ON CONFLICT DO UPDATE SET assets = assets + excluded.assets;
END;

CREATE TABLE albums (
  id text PRIMARY KEY NOT NULL,
  library_id text NOT NULL,
  user_id text NOT NULL,
  name text NOT NULL,
  description text,
  asset_count integer DEFAULT 0 NOT NULL,
  start_us integer,
  start_offset_minutes integer,
  end_us integer,
  end_offset_minutes integer,
  pinned_cover_id text,
  newest_asset_id text,
  created_at integer NOT NULL,
  updated_at integer NOT NULL
, deleted_at integer, folded_name text);

CREATE INDEX albums_by_library ON albums (library_id, id);
CREATE INDEX albums_deleted ON albums (deleted_at, library_id)
  WHERE deleted_at IS NOT NULL;
CREATE INDEX albums_by_name ON albums (library_id, folded_name, id, deleted_at)
  WHERE deleted_at IS NULL;

CREATE TRIGGER albums_insert_count AFTER INSERT ON albums
WHEN NEW.deleted_at IS NULL
BEGIN
  UPDATE libraries SET album_count = album_count + 1 WHERE id = NEW.library_id;
END;

CREATE TRIGGER albums_update_count AFTER UPDATE OF deleted_at ON albums
WHEN (NEW.deleted_at IS NULL) <> (OLD.deleted_at IS NULL)
BEGIN
  UPDATE libraries SET album_count = album_count + (NEW.deleted_at IS NULL) - (OLD.deleted_at IS NULL)
    WHERE id = NEW.library_id;
END;

CREATE TRIGGER albums_delete_count AFTER DELETE ON albums
WHEN OLD.deleted_at IS NULL
BEGIN
  UPDATE libraries SET album_count = album_count - 1 WHERE id = OLD.library_id;
END;

CREATE TRIGGER albums_update_name AFTER UPDATE OF name ON albums
WHEN NEW.name IS NOT OLD.name AND NEW.folded_name IS OLD.folded_name
BEGIN
  UPDATE albums SET folded_name = NULL WHERE id = NEW.id;
END;

-- People and faces

CREATE TABLE faces (
  id text PRIMARY KEY NOT NULL,
  library_id text NOT NULL,
  asset_id text NOT NULL,
  person_id text,
  x integer NOT NULL,
  y integer NOT NULL,
  w integer NOT NULL,
  h integer NOT NULL,
  timestamp_ms integer,
  confidence real,
  source text NOT NULL,
  assigned_by text,
  model text,
  trashed_at integer,
  portrait_score integer GENERATED ALWAYS AS ((CAST(min(w, h) * coalesce(confidence, 1) AS INTEGER))) VIRTUAL,
  created_at integer NOT NULL,
  updated_at integer NOT NULL
);

CREATE INDEX faces_by_library ON faces (library_id, id)
  WHERE trashed_at IS NULL;
CREATE INDEX faces_by_asset ON faces (asset_id, id);
CREATE INDEX faces_by_person ON faces (person_id, (trashed_at IS NOT NULL), id)
  WHERE person_id IS NOT NULL;
CREATE INDEX faces_portraits ON faces (person_id, portrait_score, id)
  WHERE person_id IS NOT NULL AND trashed_at IS NULL;

CREATE TRIGGER faces_insert_person_count AFTER INSERT ON faces WHEN NEW.person_id IS NOT NULL
BEGIN
  UPDATE people SET face_count = face_count + 1 WHERE id = NEW.person_id;
END;

CREATE TRIGGER faces_update_person_count AFTER UPDATE OF person_id ON faces
WHEN NEW.person_id IS NOT OLD.person_id
BEGIN
  UPDATE people SET face_count = face_count - 1 WHERE id = OLD.person_id;
  UPDATE people SET face_count = face_count + 1 WHERE id = NEW.person_id;
END;

CREATE TRIGGER faces_delete_person_count AFTER DELETE ON faces WHEN OLD.person_id IS NOT NULL
BEGIN
  UPDATE people SET face_count = face_count - 1 WHERE id = OLD.person_id;
END;

CREATE TRIGGER faces_insert_person_asset AFTER INSERT ON faces WHEN NEW.person_id IS NOT NULL
BEGIN
  INSERT INTO person_assets (asset_id, person_id, library_id, face_count, is_paired, local_us, trashed_at)
  SELECT a.id, NEW.person_id, a.library_id, 1,
    (SELECT count(*) FROM person_assets WHERE asset_id = a.id AND is_paired = 1) < 20, a.local_us, a.trashed_at
    FROM assets a WHERE a.id = NEW.asset_id
  ON CONFLICT (asset_id, person_id) DO UPDATE SET face_count = face_count + 1;
END;

CREATE TRIGGER faces_update_person_asset AFTER UPDATE OF person_id ON faces
WHEN NEW.person_id IS NOT OLD.person_id
BEGIN
  UPDATE person_assets SET face_count = face_count - 1
    WHERE asset_id = OLD.asset_id AND person_id = OLD.person_id;
  INSERT INTO person_assets (asset_id, person_id, library_id, face_count, is_paired, local_us, trashed_at)
  SELECT a.id, NEW.person_id, a.library_id, 1,
    (SELECT count(*) FROM person_assets WHERE asset_id = a.id AND is_paired = 1) < 20, a.local_us, a.trashed_at
    FROM assets a WHERE a.id = NEW.asset_id AND NEW.person_id IS NOT NULL
  ON CONFLICT (asset_id, person_id) DO UPDATE SET face_count = face_count + 1;
END;

CREATE TRIGGER faces_delete_person_asset AFTER DELETE ON faces WHEN OLD.person_id IS NOT NULL
BEGIN
  UPDATE person_assets SET face_count = face_count - 1
    WHERE asset_id = OLD.asset_id AND person_id = OLD.person_id;
END;

CREATE TRIGGER faces_delete_crop AFTER DELETE ON faces
WHEN EXISTS (SELECT 1 FROM assets WHERE id = OLD.asset_id)
BEGIN
  DELETE FROM derived_files WHERE asset_id = OLD.asset_id
    AND name = OLD.id || '-' || OLD.x || '-' || OLD.y || '-' || OLD.w || '-' || OLD.h;
END;

CREATE TRIGGER faces_update_crop AFTER UPDATE OF x, y, w, h ON faces
WHEN NEW.x <> OLD.x OR NEW.y <> OLD.y OR NEW.w <> OLD.w OR NEW.h <> OLD.h
BEGIN
  DELETE FROM derived_files WHERE asset_id = OLD.asset_id
    AND name = OLD.id || '-' || OLD.x || '-' || OLD.y || '-' || OLD.w || '-' || OLD.h;
END;

CREATE TRIGGER faces_update_cluster AFTER UPDATE OF person_id ON faces
WHEN NEW.person_id IS NOT OLD.person_id AND NEW.library_id = OLD.library_id
  AND EXISTS (SELECT 1 FROM face_embeddings WHERE face_id = NEW.id)
BEGIN
  UPDATE cluster_states SET revision = revision + 1 WHERE library_id = NEW.library_id;
  UPDATE face_embeddings SET waiting = iif(NEW.person_id IS NULL AND NEW.source = 'automatic', 2, 0),
      revision = (SELECT revision FROM cluster_states WHERE library_id = NEW.library_id)
    WHERE face_id = NEW.id;
  UPDATE person_clusters SET is_stale = 1, is_measured = 0,
      revision = (SELECT revision FROM cluster_states WHERE library_id = NEW.library_id)
    WHERE person_id = OLD.person_id;
  INSERT INTO person_clusters (person_id, library_id, is_stale, revision)
    SELECT NEW.person_id, NEW.library_id, 1, s.revision FROM cluster_states s
      WHERE s.library_id = NEW.library_id AND NEW.person_id IS NOT NULL
    ON CONFLICT (person_id) DO UPDATE SET is_stale = 1, is_measured = 0, revision = excluded.revision;
END;

CREATE TRIGGER faces_move_cluster AFTER UPDATE OF library_id ON faces WHEN NEW.library_id <> OLD.library_id
BEGIN
  DELETE FROM face_rejections WHERE face_id = NEW.id;
  INSERT INTO cluster_states (library_id)
    SELECT NEW.library_id WHERE EXISTS (SELECT 1 FROM face_embeddings WHERE face_id = NEW.id)
    ON CONFLICT (library_id) DO UPDATE SET revision = revision + 1;
  UPDATE cluster_states SET revision = revision + 1, reset_revision = revision + 1
    WHERE library_id = OLD.library_id;
  UPDATE person_clusters SET is_stale = 1, is_measured = 0,
      revision = (SELECT revision FROM cluster_states WHERE library_id = OLD.library_id)
    WHERE person_id = OLD.person_id;
  UPDATE face_embeddings SET library_id = NEW.library_id,
      waiting = iif(NEW.person_id IS NULL AND NEW.source = 'automatic', 2, 0),
      revision = (SELECT revision FROM cluster_states WHERE library_id = NEW.library_id)
    WHERE face_id = NEW.id;
END;

CREATE TRIGGER faces_delete_embedding AFTER DELETE ON faces
BEGIN
  DELETE FROM face_rejections WHERE face_id = OLD.id;
  UPDATE cluster_states SET revision = revision + 1, reset_revision = revision + 1
    WHERE library_id = OLD.library_id AND EXISTS (SELECT 1 FROM face_embeddings WHERE face_id = OLD.id);
  UPDATE person_clusters SET is_stale = 1, is_measured = 0,
      revision = (SELECT revision FROM cluster_states WHERE library_id = OLD.library_id)
    WHERE person_id = OLD.person_id AND EXISTS (SELECT 1 FROM face_embeddings WHERE face_id = OLD.id);
  DELETE FROM face_embeddings WHERE face_id = OLD.id;
END;

CREATE TABLE people (
  id text PRIMARY KEY NOT NULL,
  library_id text NOT NULL,
  user_id text NOT NULL,
  name text,
  folded_name text,
  sort_name text,
  birth_date text,
  is_favorite integer DEFAULT false NOT NULL,
  is_hidden integer DEFAULT false NOT NULL,
  thumbnail_face_id text,
  asset_count integer DEFAULT 0 NOT NULL,
  face_count integer DEFAULT 0 NOT NULL,
  list_class integer GENERATED ALWAYS AS (((name IS NULL) * 2 + is_hidden)) VIRTUAL,
  name_key text GENERATED ALWAYS AS ((coalesce(sort_name, '') || char(1) || id)) VIRTUAL,
  count_key text GENERATED ALWAYS AS ((printf('%08x', asset_count) || id)) VIRTUAL,
  created_at integer NOT NULL,
  updated_at integer NOT NULL
);

CREATE INDEX people_by_library ON people (library_id, list_class, id);
CREATE INDEX people_by_sort_name ON people (library_id, list_class, name_key);
CREATE INDEX people_by_count ON people (library_id, list_class, count_key);
CREATE UNIQUE INDEX people_by_name ON people (library_id, folded_name)
  WHERE folded_name IS NOT NULL;
CREATE INDEX people_by_portrait ON people (thumbnail_face_id)
  WHERE thumbnail_face_id IS NOT NULL;

CREATE TRIGGER people_delete_cluster AFTER DELETE ON people
BEGIN
  DELETE FROM face_rejections WHERE person_id = OLD.id;
  UPDATE cluster_states SET revision = revision + 1, reset_revision = revision + 1
    WHERE library_id = OLD.library_id AND EXISTS (SELECT 1 FROM person_clusters WHERE person_id = OLD.id);
  DELETE FROM person_clusters WHERE person_id = OLD.id;
END;

CREATE TABLE crop_cleanups (
  asset_id text NOT NULL,
  version_id text NOT NULL,
  name text NOT NULL,
  due_at integer NOT NULL,
  passes integer DEFAULT 0 NOT NULL,
  PRIMARY KEY(asset_id, version_id, name)
) WITHOUT ROWID;

CREATE INDEX crop_cleanups_due ON crop_cleanups (due_at);

CREATE TABLE person_assets (
  asset_id text NOT NULL,
  person_id text NOT NULL,
  library_id text NOT NULL,
  face_count integer NOT NULL,
  is_paired integer NOT NULL,
  local_us integer NOT NULL,
  trashed_at integer,
  sort_key text GENERATED ALWAYS AS ((printf('%016x', local_us + 4611686018427387904) || asset_id)) VIRTUAL,
  trash_key text GENERATED ALWAYS AS ((printf('%012x', trashed_at) || asset_id)) VIRTUAL,
  PRIMARY KEY(asset_id, person_id)
) WITHOUT ROWID;

CREATE INDEX person_assets_unpaired ON person_assets (library_id, person_id, sort_key)
  WHERE is_paired = 0 AND trashed_at IS NULL;
CREATE INDEX person_assets_trashed ON person_assets (library_id, person_id, trash_key)
  WHERE trashed_at IS NOT NULL;
CREATE INDEX person_assets_trashed_by_time ON person_assets (library_id, person_id, sort_key)
  WHERE trashed_at IS NOT NULL;

CREATE TRIGGER person_assets_delete_empty AFTER UPDATE OF face_count ON person_assets WHEN NEW.face_count = 0
BEGIN
  DELETE FROM person_assets WHERE asset_id = NEW.asset_id AND person_id = NEW.person_id;
END;

CREATE TRIGGER person_assets_insert_pairs AFTER INSERT ON person_assets WHEN NEW.trashed_at IS NULL
BEGIN
  UPDATE people SET asset_count = asset_count + 1 WHERE id = NEW.person_id;
  INSERT INTO person_pairs (library_id, low_id, high_id, sort_key, local_us)
    VALUES (NEW.library_id, NEW.person_id, NEW.person_id, NEW.sort_key, NEW.local_us);
  INSERT INTO person_pairs (library_id, low_id, high_id, sort_key, local_us)
  SELECT NEW.library_id, min(NEW.person_id, o.person_id), max(NEW.person_id, o.person_id), NEW.sort_key,
    NEW.local_us
    FROM person_assets o
    WHERE o.asset_id = NEW.asset_id AND o.is_paired = 1 AND o.person_id <> NEW.person_id AND NEW.is_paired = 1;
END;

CREATE TRIGGER person_assets_delete_pairs AFTER DELETE ON person_assets WHEN OLD.trashed_at IS NULL
BEGIN
  UPDATE people SET asset_count = asset_count - 1 WHERE id = OLD.person_id;
  DELETE FROM person_pairs WHERE library_id = OLD.library_id AND low_id = OLD.person_id
    AND high_id = OLD.person_id AND sort_key = OLD.sort_key;
  DELETE FROM person_pairs WHERE (library_id, low_id, high_id, sort_key) IN (
    SELECT OLD.library_id, min(OLD.person_id, o.person_id), max(OLD.person_id, o.person_id), OLD.sort_key
    FROM person_assets o
    WHERE o.asset_id = OLD.asset_id AND o.is_paired = 1 AND o.person_id <> OLD.person_id AND OLD.is_paired = 1);
END;

CREATE TABLE person_month_counts (
  library_id text NOT NULL,
  person_id text NOT NULL,
  month integer NOT NULL,
  assets integer NOT NULL,
  PRIMARY KEY(library_id, person_id, month)
) WITHOUT ROWID;

CREATE TRIGGER person_month_counts_delete_empty AFTER UPDATE ON person_month_counts WHEN NEW.assets = 0
BEGIN
  DELETE FROM person_month_counts WHERE library_id = NEW.library_id AND person_id = NEW.person_id
    AND month = NEW.month;
END;

CREATE TABLE person_pairs (
  library_id text NOT NULL,
  low_id text NOT NULL,
  high_id text NOT NULL,
  sort_key text NOT NULL,
  local_us integer NOT NULL,
  PRIMARY KEY(library_id, low_id, high_id, sort_key)
) WITHOUT ROWID;

CREATE TRIGGER person_pairs_insert_month AFTER INSERT ON person_pairs WHEN NEW.low_id = NEW.high_id
BEGIN
  INSERT INTO person_month_counts (library_id, person_id, month, assets)
  VALUES (NEW.library_id, NEW.low_id,
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (NEW.local_us + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER),
    1)
  ON CONFLICT DO UPDATE SET assets = assets + 1;
END;

CREATE TRIGGER person_pairs_delete_month AFTER DELETE ON person_pairs WHEN OLD.low_id = OLD.high_id
BEGIN
  UPDATE person_month_counts SET assets = assets - 1
    WHERE library_id = OLD.library_id AND person_id = OLD.low_id AND month =
    CAST(strftime('%Y%m', max(-62167219200, min(253402300799, (OLD.local_us + 100000000000000000) / 1000000 - 100000000000)), 'unixepoch') AS INTEGER);
END;

-- Embeddings and clusters of faces

CREATE TABLE cluster_states (
  library_id text PRIMARY KEY NOT NULL,
  revision integer DEFAULT 1 NOT NULL,
  reset_revision integer DEFAULT 1 NOT NULL,
  token integer DEFAULT 0 NOT NULL
);

CREATE TABLE face_embeddings (
  face_id text PRIMARY KEY NOT NULL,
  library_id text NOT NULL,
  asset_id text NOT NULL,
  model text NOT NULL,
  vector blob NOT NULL,
  waiting integer DEFAULT 0 NOT NULL,
  revision integer NOT NULL
);

CREATE INDEX face_embeddings_by_revision ON face_embeddings (library_id, revision);
CREATE INDEX face_embeddings_waiting ON face_embeddings (library_id, model, waiting, face_id)
  WHERE waiting > 0;

CREATE TRIGGER face_embeddings_insert AFTER INSERT ON face_embeddings
BEGIN
  INSERT INTO cluster_states (library_id) VALUES (NEW.library_id)
    ON CONFLICT (library_id) DO UPDATE SET revision = revision + 1;
  UPDATE face_embeddings SET
      revision = (SELECT revision FROM cluster_states WHERE library_id = NEW.library_id),
      waiting = (SELECT iif(person_id IS NULL AND source = 'automatic', 2, 0) FROM faces WHERE id = NEW.face_id)
    WHERE face_id = NEW.face_id;
  INSERT INTO person_clusters (person_id, library_id, is_stale, revision)
    SELECT f.person_id, NEW.library_id, 1, s.revision FROM faces f
      CROSS JOIN cluster_states s ON s.library_id = NEW.library_id
      WHERE f.id = NEW.face_id AND f.person_id IS NOT NULL
    ON CONFLICT (person_id) DO UPDATE SET is_stale = 1, is_measured = 0, revision = excluded.revision;
END;

CREATE TRIGGER face_embeddings_update AFTER UPDATE OF model, vector ON face_embeddings
WHEN NEW.model <> OLD.model OR NEW.vector <> OLD.vector
BEGIN
  UPDATE cluster_states SET revision = revision + 1, reset_revision = revision + 1
    WHERE library_id = NEW.library_id;
  UPDATE face_embeddings SET
      revision = (SELECT revision FROM cluster_states WHERE library_id = NEW.library_id),
      waiting = iif(waiting > 0, 2, 0)
    WHERE face_id = NEW.face_id;
  UPDATE person_clusters SET is_stale = 1, is_measured = 0,
      revision = (SELECT revision FROM cluster_states WHERE library_id = NEW.library_id)
    WHERE person_id = (SELECT person_id FROM faces WHERE id = NEW.face_id);
END;

CREATE TABLE face_rejections (
  face_id text NOT NULL,
  person_id text NOT NULL,
  PRIMARY KEY(face_id, person_id)
);

CREATE INDEX face_rejections_by_person ON face_rejections (person_id, face_id);

CREATE TABLE face_runs (
  library_id text PRIMARY KEY NOT NULL,
  kind text NOT NULL,
  position text DEFAULT '' NOT NULL,
  handled integer DEFAULT 0 NOT NULL,
  requested_at integer NOT NULL,
  finished_at integer,
  revision integer DEFAULT 0 NOT NULL
);

CREATE TABLE person_clusters (
  person_id text PRIMARY KEY NOT NULL,
  library_id text NOT NULL,
  model text,
  sum blob,
  square_sum integer DEFAULT 0 NOT NULL,
  face_count integer DEFAULT 0 NOT NULL,
  is_stale integer DEFAULT false NOT NULL,
  pairwise_mean real,
  pairwise_p90 real,
  is_measured integer DEFAULT false NOT NULL,
  revision integer NOT NULL
);

CREATE INDEX person_clusters_by_revision ON person_clusters (library_id, revision);
CREATE INDEX person_clusters_unmeasured ON person_clusters (library_id, person_id)
  WHERE is_measured = 0;

-- Events and tasks

CREATE TABLE asset_tasks (
  asset_id text PRIMARY KEY NOT NULL,
  library_id text NOT NULL,
  user_id text NOT NULL,
  tasks text NOT NULL,
  states integer NOT NULL,
  newest_at integer NOT NULL,
  due_at integer,
  claimed_at integer,
  claimed_until integer,
  claimed_type text,
  revision integer NOT NULL
) WITHOUT ROWID;

CREATE INDEX asset_tasks_by_states ON asset_tasks (library_id, states, newest_at);
CREATE INDEX asset_tasks_due ON asset_tasks (due_at)
  WHERE due_at IS NOT NULL;

CREATE TABLE events (
  seq integer PRIMARY KEY AUTOINCREMENT NOT NULL,
  library_id text NOT NULL,
  event_type text NOT NULL,
  entity_type text NOT NULL,
  entity_id text NOT NULL,
  payload text,
  created_at integer NOT NULL
, actor text);

CREATE INDEX events_by_type ON events (library_id, entity_type, seq);
CREATE INDEX events_by_time ON events (created_at, seq)
  WHERE seq * 40503 % 65536 < 8192;

-- Feedback

CREATE TABLE feedback (
  id text PRIMARY KEY NOT NULL,
  user_id text NOT NULL,
  credential_id text NOT NULL,
  feedback_type text NOT NULL,
  message text NOT NULL,
  task_completed integer,
  tool_names text NOT NULL,
  created_at integer NOT NULL
);

CREATE INDEX feedback_by_user ON feedback (user_id, id);

-- Summaries, maintained by triggers

CREATE TABLE album_month_counts (
  album_id text NOT NULL,
  trashed integer NOT NULL,
  month integer NOT NULL,
  assets integer NOT NULL,
  PRIMARY KEY(album_id, trashed, month)
) WITHOUT ROWID;

CREATE TRIGGER album_month_counts_delete_empty AFTER UPDATE ON album_month_counts WHEN NEW.assets = 0
BEGIN
  DELETE FROM album_month_counts WHERE album_id = NEW.album_id AND trashed = NEW.trashed AND month = NEW.month;
END;

CREATE TABLE day_counts (
  library_id text NOT NULL,
  trashed integer NOT NULL,
  day integer NOT NULL,
  assets integer NOT NULL,
  in_album integer NOT NULL,
  image_0 integer DEFAULT 0 NOT NULL,
  image_1 integer DEFAULT 0 NOT NULL,
  image_2 integer DEFAULT 0 NOT NULL,
  image_3 integer DEFAULT 0 NOT NULL,
  image_4 integer DEFAULT 0 NOT NULL,
  image_5 integer DEFAULT 0 NOT NULL,
  video_0 integer DEFAULT 0 NOT NULL,
  video_1 integer DEFAULT 0 NOT NULL,
  video_2 integer DEFAULT 0 NOT NULL,
  video_3 integer DEFAULT 0 NOT NULL,
  video_4 integer DEFAULT 0 NOT NULL,
  video_5 integer DEFAULT 0 NOT NULL,
  image_0_in_album integer DEFAULT 0 NOT NULL,
  image_1_in_album integer DEFAULT 0 NOT NULL,
  image_2_in_album integer DEFAULT 0 NOT NULL,
  image_3_in_album integer DEFAULT 0 NOT NULL,
  image_4_in_album integer DEFAULT 0 NOT NULL,
  image_5_in_album integer DEFAULT 0 NOT NULL,
  video_0_in_album integer DEFAULT 0 NOT NULL,
  video_1_in_album integer DEFAULT 0 NOT NULL,
  video_2_in_album integer DEFAULT 0 NOT NULL,
  video_3_in_album integer DEFAULT 0 NOT NULL,
  video_4_in_album integer DEFAULT 0 NOT NULL,
  video_5_in_album integer DEFAULT 0 NOT NULL,
  PRIMARY KEY(library_id, trashed, day)
) WITHOUT ROWID;

CREATE TRIGGER day_counts_insert_month AFTER INSERT ON day_counts
BEGIN
  INSERT INTO month_counts (library_id, trashed, month, assets, in_album, image_0, image_1, image_2, image_3,
    image_4, image_5, video_0, video_1, video_2, video_3,
    video_4, video_5, image_0_in_album, image_1_in_album, image_2_in_album, image_3_in_album,
    image_4_in_album, image_5_in_album, video_0_in_album, video_1_in_album, video_2_in_album, video_3_in_album,
    video_4_in_album, video_5_in_album)
  VALUES (NEW.library_id, NEW.trashed, NEW.day / 100, NEW.assets, NEW.in_album, NEW.image_0, NEW.image_1,
    NEW.image_2, NEW.image_3, NEW.image_4, NEW.image_5,
    NEW.video_0, NEW.video_1, NEW.video_2, NEW.video_3,
    NEW.video_4, NEW.video_5, NEW.image_0_in_album, NEW.image_1_in_album,
    NEW.image_2_in_album, NEW.image_3_in_album, NEW.image_4_in_album, NEW.image_5_in_album,
    NEW.video_0_in_album, NEW.video_1_in_album, NEW.video_2_in_album, NEW.video_3_in_album,
    NEW.video_4_in_album, NEW.video_5_in_album)
  ON CONFLICT DO UPDATE SET assets = assets + excluded.assets, in_album = in_album + excluded.in_album, image_0 = image_0 + excluded.image_0,
    image_1 = image_1 + excluded.image_1, image_2 = image_2 + excluded.image_2, image_3 = image_3 + excluded.image_3,
    image_4 = image_4 + excluded.image_4, image_5 = image_5 + excluded.image_5, video_0 = video_0 + excluded.video_0,
    video_1 = video_1 + excluded.video_1, video_2 = video_2 + excluded.video_2, video_3 = video_3 + excluded.video_3,
    video_4 = video_4 + excluded.video_4, video_5 = video_5 + excluded.video_5, image_0_in_album = image_0_in_album + excluded.image_0_in_album,
    image_1_in_album = image_1_in_album + excluded.image_1_in_album, image_2_in_album = image_2_in_album + excluded.image_2_in_album, image_3_in_album = image_3_in_album + excluded.image_3_in_album,
    image_4_in_album = image_4_in_album + excluded.image_4_in_album, image_5_in_album = image_5_in_album + excluded.image_5_in_album, video_0_in_album = video_0_in_album + excluded.video_0_in_album,
    video_1_in_album = video_1_in_album + excluded.video_1_in_album, video_2_in_album = video_2_in_album + excluded.video_2_in_album, video_3_in_album = video_3_in_album + excluded.video_3_in_album,
    video_4_in_album = video_4_in_album + excluded.video_4_in_album, video_5_in_album = video_5_in_album + excluded.video_5_in_album;
END;

CREATE TRIGGER day_counts_update_month AFTER UPDATE ON day_counts
BEGIN
  INSERT INTO month_counts (library_id, trashed, month, assets, in_album, image_0, image_1, image_2, image_3,
    image_4, image_5, video_0, video_1, video_2, video_3,
    video_4, video_5, image_0_in_album, image_1_in_album, image_2_in_album, image_3_in_album,
    image_4_in_album, image_5_in_album, video_0_in_album, video_1_in_album, video_2_in_album, video_3_in_album,
    video_4_in_album, video_5_in_album)
  VALUES (NEW.library_id, NEW.trashed, NEW.day / 100, NEW.assets - OLD.assets, NEW.in_album - OLD.in_album, NEW.image_0 - OLD.image_0, NEW.image_1 - OLD.image_1,
    NEW.image_2 - OLD.image_2, NEW.image_3 - OLD.image_3, NEW.image_4 - OLD.image_4, NEW.image_5 - OLD.image_5,
    NEW.video_0 - OLD.video_0, NEW.video_1 - OLD.video_1, NEW.video_2 - OLD.video_2, NEW.video_3 - OLD.video_3,
    NEW.video_4 - OLD.video_4, NEW.video_5 - OLD.video_5, NEW.image_0_in_album - OLD.image_0_in_album, NEW.image_1_in_album - OLD.image_1_in_album,
    NEW.image_2_in_album - OLD.image_2_in_album, NEW.image_3_in_album - OLD.image_3_in_album, NEW.image_4_in_album - OLD.image_4_in_album, NEW.image_5_in_album - OLD.image_5_in_album,
    NEW.video_0_in_album - OLD.video_0_in_album, NEW.video_1_in_album - OLD.video_1_in_album, NEW.video_2_in_album - OLD.video_2_in_album, NEW.video_3_in_album - OLD.video_3_in_album,
    NEW.video_4_in_album - OLD.video_4_in_album, NEW.video_5_in_album - OLD.video_5_in_album)
  ON CONFLICT DO UPDATE SET assets = assets + excluded.assets, in_album = in_album + excluded.in_album, image_0 = image_0 + excluded.image_0,
    image_1 = image_1 + excluded.image_1, image_2 = image_2 + excluded.image_2, image_3 = image_3 + excluded.image_3,
    image_4 = image_4 + excluded.image_4, image_5 = image_5 + excluded.image_5, video_0 = video_0 + excluded.video_0,
    video_1 = video_1 + excluded.video_1, video_2 = video_2 + excluded.video_2, video_3 = video_3 + excluded.video_3,
    video_4 = video_4 + excluded.video_4, video_5 = video_5 + excluded.video_5, image_0_in_album = image_0_in_album + excluded.image_0_in_album,
    image_1_in_album = image_1_in_album + excluded.image_1_in_album, image_2_in_album = image_2_in_album + excluded.image_2_in_album, image_3_in_album = image_3_in_album + excluded.image_3_in_album,
    image_4_in_album = image_4_in_album + excluded.image_4_in_album, image_5_in_album = image_5_in_album + excluded.image_5_in_album, video_0_in_album = video_0_in_album + excluded.video_0_in_album,
    video_1_in_album = video_1_in_album + excluded.video_1_in_album, video_2_in_album = video_2_in_album + excluded.video_2_in_album, video_3_in_album = video_3_in_album + excluded.video_3_in_album,
    video_4_in_album = video_4_in_album + excluded.video_4_in_album, video_5_in_album = video_5_in_album + excluded.video_5_in_album;
END;

CREATE TRIGGER day_counts_delete_empty AFTER UPDATE ON day_counts WHEN NEW.assets = 0
BEGIN
  DELETE FROM day_counts WHERE library_id = NEW.library_id AND trashed = NEW.trashed AND day = NEW.day;
END;

CREATE TABLE map_cells (
  library_id text NOT NULL,
  level integer NOT NULL,
  parent integer NOT NULL,
  cell integer NOT NULL,
  assets integer NOT NULL,
  latitude_sum integer NOT NULL,
  longitude_sum integer NOT NULL,
  south real NOT NULL,
  north real NOT NULL,
  west real NOT NULL,
  east real NOT NULL,
  newest_key text NOT NULL, videos integer DEFAULT 0 NOT NULL, video_latitude_sum integer DEFAULT 0 NOT NULL, video_longitude_sum integer DEFAULT 0 NOT NULL, newest_video_key text, newest_image_key text,
  PRIMARY KEY(library_id, level, parent, cell)
) WITHOUT ROWID;

CREATE TABLE map_points (
  library_id text NOT NULL,
  cell integer NOT NULL,
  sort_key text NOT NULL,
  latitude real NOT NULL,
  longitude real NOT NULL, media_type text DEFAULT 'image' NOT NULL,
  PRIMARY KEY(library_id, cell, sort_key)
) WITHOUT ROWID;

CREATE TRIGGER map_points_insert AFTER INSERT ON map_points
BEGIN
  INSERT INTO map_cells (library_id, level, parent, cell, assets, latitude_sum, longitude_sum,
    south, north, west, east, newest_key, videos, video_latitude_sum, video_longitude_sum, newest_video_key)
  SELECT NEW.library_id, l.column1,
    NEW.cell / 10000000 / l.column3 * 10000000 + NEW.cell % 10000000 / l.column3,
    NEW.cell / 10000000 / l.column2 * 10000000 + NEW.cell % 10000000 / l.column2,
    1, CAST(round(NEW.latitude * 10000000) AS INTEGER), CAST(round(NEW.longitude * 10000000) AS INTEGER),
    NEW.latitude, NEW.latitude, NEW.longitude, NEW.longitude, NEW.sort_key, NEW.media_type = 'video',
    (NEW.media_type = 'video') * CAST(round(NEW.latitude * 10000000) AS INTEGER),
    (NEW.media_type = 'video') * CAST(round(NEW.longitude * 10000000) AS INTEGER),
    iif(NEW.media_type = 'video', NEW.sort_key, NULL)
    FROM (VALUES (0, 450000, 10000000), (1, 50000, 450000), (2, 10000, 50000), (3, 2500, 10000), (4, 500, 2500),
    (5, 100, 500), (6, 25, 100), (7, 5, 25), (8, 1, 5)) l WHERE true
  ON CONFLICT DO UPDATE SET assets = assets + 1,
    latitude_sum = latitude_sum + excluded.latitude_sum, longitude_sum = longitude_sum + excluded.longitude_sum,
    south = min(south, excluded.south), north = max(north, excluded.north),
    west = min(west, excluded.west), east = max(east, excluded.east),
    newest_key = max(newest_key, excluded.newest_key),
    videos = videos + excluded.videos,
    video_latitude_sum = video_latitude_sum + excluded.video_latitude_sum,
    video_longitude_sum = video_longitude_sum + excluded.video_longitude_sum,
    newest_video_key = iif(excluded.videos = 0, newest_video_key, max(coalesce(newest_video_key, ''), excluded.newest_key)),
    newest_image_key = iif(excluded.videos = 1, iif(videos = 0, newest_key, newest_image_key),
      iif(videos = 0, NULL, max(coalesce(newest_image_key, ''), excluded.newest_key)));
END;

CREATE TRIGGER map_points_delete AFTER DELETE ON map_points
BEGIN
  DELETE FROM map_cells WHERE library_id = OLD.library_id AND assets = 1 AND (level, parent, cell) IN
    (SELECT l.column1,
      OLD.cell / 10000000 / l.column3 * 10000000 + OLD.cell % 10000000 / l.column3,
      OLD.cell / 10000000 / l.column2 * 10000000 + OLD.cell % 10000000 / l.column2
      FROM (VALUES (0, 450000, 10000000), (1, 50000, 450000), (2, 10000, 50000), (3, 2500, 10000), (4, 500, 2500),
    (5, 100, 500), (6, 25, 100), (7, 5, 25), (8, 1, 5)) l);
  UPDATE map_cells SET assets = assets - 1,
      latitude_sum = latitude_sum - CAST(round(OLD.latitude * 10000000) AS INTEGER),
      longitude_sum = longitude_sum - CAST(round(OLD.longitude * 10000000) AS INTEGER),
      newest_key = iif(newest_key > OLD.sort_key, newest_key,
        (SELECT max(p.sort_key) FROM map_points p WHERE p.library_id = OLD.library_id AND p.cell = OLD.cell)),
      videos = videos - (OLD.media_type = 'video'),
      video_latitude_sum = video_latitude_sum - (OLD.media_type = 'video') * CAST(round(OLD.latitude * 10000000) AS INTEGER),
      video_longitude_sum = video_longitude_sum - (OLD.media_type = 'video') * CAST(round(OLD.longitude * 10000000) AS INTEGER),
      newest_video_key = iif(OLD.media_type <> 'video' OR newest_video_key > OLD.sort_key, newest_video_key,
        (SELECT max(p.sort_key) FROM map_points p WHERE p.library_id = OLD.library_id AND p.cell = OLD.cell AND p.media_type = 'video')),
      newest_image_key = iif(videos - (OLD.media_type = 'video') = 0, NULL,
        iif(OLD.media_type <> 'image' OR newest_image_key > OLD.sort_key, newest_image_key,
          (SELECT max(p.sort_key) FROM map_points p WHERE p.library_id = OLD.library_id AND p.cell = OLD.cell AND p.media_type = 'image')))
    WHERE library_id = OLD.library_id AND level = 8
      AND parent = OLD.cell / 10000000 / 5 * 10000000 + OLD.cell % 10000000 / 5
      AND cell = OLD.cell;
  UPDATE map_cells SET assets = assets - 1,
      latitude_sum = latitude_sum - CAST(round(OLD.latitude * 10000000) AS INTEGER),
      longitude_sum = longitude_sum - CAST(round(OLD.longitude * 10000000) AS INTEGER),
      newest_key = iif(newest_key > OLD.sort_key, newest_key,
        (SELECT max(c.newest_key) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 8 AND c.parent = map_cells.cell)),
      videos = videos - (OLD.media_type = 'video'),
      video_latitude_sum = video_latitude_sum - (OLD.media_type = 'video') * CAST(round(OLD.latitude * 10000000) AS INTEGER),
      video_longitude_sum = video_longitude_sum - (OLD.media_type = 'video') * CAST(round(OLD.longitude * 10000000) AS INTEGER),
      newest_video_key = iif(OLD.media_type <> 'video' OR newest_video_key > OLD.sort_key, newest_video_key,
        (SELECT max(c.newest_video_key) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 8 AND c.parent = map_cells.cell)),
      newest_image_key = iif(videos - (OLD.media_type = 'video') = 0, NULL,
        iif(OLD.media_type <> 'image' OR newest_image_key > OLD.sort_key, newest_image_key,
          (SELECT max(iif(c.videos = 0, c.newest_key, c.newest_image_key)) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 8 AND c.parent = map_cells.cell)))
    WHERE library_id = OLD.library_id AND level = 7
      AND parent = OLD.cell / 10000000 / 25 * 10000000 + OLD.cell % 10000000 / 25
      AND cell = OLD.cell / 10000000 / 5 * 10000000 + OLD.cell % 10000000 / 5;
  UPDATE map_cells SET assets = assets - 1,
      latitude_sum = latitude_sum - CAST(round(OLD.latitude * 10000000) AS INTEGER),
      longitude_sum = longitude_sum - CAST(round(OLD.longitude * 10000000) AS INTEGER),
      newest_key = iif(newest_key > OLD.sort_key, newest_key,
        (SELECT max(c.newest_key) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 7 AND c.parent = map_cells.cell)),
      videos = videos - (OLD.media_type = 'video'),
      video_latitude_sum = video_latitude_sum - (OLD.media_type = 'video') * CAST(round(OLD.latitude * 10000000) AS INTEGER),
      video_longitude_sum = video_longitude_sum - (OLD.media_type = 'video') * CAST(round(OLD.longitude * 10000000) AS INTEGER),
      newest_video_key = iif(OLD.media_type <> 'video' OR newest_video_key > OLD.sort_key, newest_video_key,
        (SELECT max(c.newest_video_key) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 7 AND c.parent = map_cells.cell)),
      newest_image_key = iif(videos - (OLD.media_type = 'video') = 0, NULL,
        iif(OLD.media_type <> 'image' OR newest_image_key > OLD.sort_key, newest_image_key,
          (SELECT max(iif(c.videos = 0, c.newest_key, c.newest_image_key)) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 7 AND c.parent = map_cells.cell)))
    WHERE library_id = OLD.library_id AND level = 6
      AND parent = OLD.cell / 10000000 / 100 * 10000000 + OLD.cell % 10000000 / 100
      AND cell = OLD.cell / 10000000 / 25 * 10000000 + OLD.cell % 10000000 / 25;
  UPDATE map_cells SET assets = assets - 1,
      latitude_sum = latitude_sum - CAST(round(OLD.latitude * 10000000) AS INTEGER),
      longitude_sum = longitude_sum - CAST(round(OLD.longitude * 10000000) AS INTEGER),
      newest_key = iif(newest_key > OLD.sort_key, newest_key,
        (SELECT max(c.newest_key) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 6 AND c.parent = map_cells.cell)),
      videos = videos - (OLD.media_type = 'video'),
      video_latitude_sum = video_latitude_sum - (OLD.media_type = 'video') * CAST(round(OLD.latitude * 10000000) AS INTEGER),
      video_longitude_sum = video_longitude_sum - (OLD.media_type = 'video') * CAST(round(OLD.longitude * 10000000) AS INTEGER),
      newest_video_key = iif(OLD.media_type <> 'video' OR newest_video_key > OLD.sort_key, newest_video_key,
        (SELECT max(c.newest_video_key) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 6 AND c.parent = map_cells.cell)),
      newest_image_key = iif(videos - (OLD.media_type = 'video') = 0, NULL,
        iif(OLD.media_type <> 'image' OR newest_image_key > OLD.sort_key, newest_image_key,
          (SELECT max(iif(c.videos = 0, c.newest_key, c.newest_image_key)) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 6 AND c.parent = map_cells.cell)))
    WHERE library_id = OLD.library_id AND level = 5
      AND parent = OLD.cell / 10000000 / 500 * 10000000 + OLD.cell % 10000000 / 500
      AND cell = OLD.cell / 10000000 / 100 * 10000000 + OLD.cell % 10000000 / 100;
  UPDATE map_cells SET assets = assets - 1,
      latitude_sum = latitude_sum - CAST(round(OLD.latitude * 10000000) AS INTEGER),
      longitude_sum = longitude_sum - CAST(round(OLD.longitude * 10000000) AS INTEGER),
      newest_key = iif(newest_key > OLD.sort_key, newest_key,
        (SELECT max(c.newest_key) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 5 AND c.parent = map_cells.cell)),
      videos = videos - (OLD.media_type = 'video'),
      video_latitude_sum = video_latitude_sum - (OLD.media_type = 'video') * CAST(round(OLD.latitude * 10000000) AS INTEGER),
      video_longitude_sum = video_longitude_sum - (OLD.media_type = 'video') * CAST(round(OLD.longitude * 10000000) AS INTEGER),
      newest_video_key = iif(OLD.media_type <> 'video' OR newest_video_key > OLD.sort_key, newest_video_key,
        (SELECT max(c.newest_video_key) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 5 AND c.parent = map_cells.cell)),
      newest_image_key = iif(videos - (OLD.media_type = 'video') = 0, NULL,
        iif(OLD.media_type <> 'image' OR newest_image_key > OLD.sort_key, newest_image_key,
          (SELECT max(iif(c.videos = 0, c.newest_key, c.newest_image_key)) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 5 AND c.parent = map_cells.cell)))
    WHERE library_id = OLD.library_id AND level = 4
      AND parent = OLD.cell / 10000000 / 2500 * 10000000 + OLD.cell % 10000000 / 2500
      AND cell = OLD.cell / 10000000 / 500 * 10000000 + OLD.cell % 10000000 / 500;
  UPDATE map_cells SET assets = assets - 1,
      latitude_sum = latitude_sum - CAST(round(OLD.latitude * 10000000) AS INTEGER),
      longitude_sum = longitude_sum - CAST(round(OLD.longitude * 10000000) AS INTEGER),
      newest_key = iif(newest_key > OLD.sort_key, newest_key,
        (SELECT max(c.newest_key) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 4 AND c.parent = map_cells.cell)),
      videos = videos - (OLD.media_type = 'video'),
      video_latitude_sum = video_latitude_sum - (OLD.media_type = 'video') * CAST(round(OLD.latitude * 10000000) AS INTEGER),
      video_longitude_sum = video_longitude_sum - (OLD.media_type = 'video') * CAST(round(OLD.longitude * 10000000) AS INTEGER),
      newest_video_key = iif(OLD.media_type <> 'video' OR newest_video_key > OLD.sort_key, newest_video_key,
        (SELECT max(c.newest_video_key) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 4 AND c.parent = map_cells.cell)),
      newest_image_key = iif(videos - (OLD.media_type = 'video') = 0, NULL,
        iif(OLD.media_type <> 'image' OR newest_image_key > OLD.sort_key, newest_image_key,
          (SELECT max(iif(c.videos = 0, c.newest_key, c.newest_image_key)) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 4 AND c.parent = map_cells.cell)))
    WHERE library_id = OLD.library_id AND level = 3
      AND parent = OLD.cell / 10000000 / 10000 * 10000000 + OLD.cell % 10000000 / 10000
      AND cell = OLD.cell / 10000000 / 2500 * 10000000 + OLD.cell % 10000000 / 2500;
  UPDATE map_cells SET assets = assets - 1,
      latitude_sum = latitude_sum - CAST(round(OLD.latitude * 10000000) AS INTEGER),
      longitude_sum = longitude_sum - CAST(round(OLD.longitude * 10000000) AS INTEGER),
      newest_key = iif(newest_key > OLD.sort_key, newest_key,
        (SELECT max(c.newest_key) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 3 AND c.parent = map_cells.cell)),
      videos = videos - (OLD.media_type = 'video'),
      video_latitude_sum = video_latitude_sum - (OLD.media_type = 'video') * CAST(round(OLD.latitude * 10000000) AS INTEGER),
      video_longitude_sum = video_longitude_sum - (OLD.media_type = 'video') * CAST(round(OLD.longitude * 10000000) AS INTEGER),
      newest_video_key = iif(OLD.media_type <> 'video' OR newest_video_key > OLD.sort_key, newest_video_key,
        (SELECT max(c.newest_video_key) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 3 AND c.parent = map_cells.cell)),
      newest_image_key = iif(videos - (OLD.media_type = 'video') = 0, NULL,
        iif(OLD.media_type <> 'image' OR newest_image_key > OLD.sort_key, newest_image_key,
          (SELECT max(iif(c.videos = 0, c.newest_key, c.newest_image_key)) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 3 AND c.parent = map_cells.cell)))
    WHERE library_id = OLD.library_id AND level = 2
      AND parent = OLD.cell / 10000000 / 50000 * 10000000 + OLD.cell % 10000000 / 50000
      AND cell = OLD.cell / 10000000 / 10000 * 10000000 + OLD.cell % 10000000 / 10000;
  UPDATE map_cells SET assets = assets - 1,
      latitude_sum = latitude_sum - CAST(round(OLD.latitude * 10000000) AS INTEGER),
      longitude_sum = longitude_sum - CAST(round(OLD.longitude * 10000000) AS INTEGER),
      newest_key = iif(newest_key > OLD.sort_key, newest_key,
        (SELECT max(c.newest_key) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 2 AND c.parent = map_cells.cell)),
      videos = videos - (OLD.media_type = 'video'),
      video_latitude_sum = video_latitude_sum - (OLD.media_type = 'video') * CAST(round(OLD.latitude * 10000000) AS INTEGER),
      video_longitude_sum = video_longitude_sum - (OLD.media_type = 'video') * CAST(round(OLD.longitude * 10000000) AS INTEGER),
      newest_video_key = iif(OLD.media_type <> 'video' OR newest_video_key > OLD.sort_key, newest_video_key,
        (SELECT max(c.newest_video_key) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 2 AND c.parent = map_cells.cell)),
      newest_image_key = iif(videos - (OLD.media_type = 'video') = 0, NULL,
        iif(OLD.media_type <> 'image' OR newest_image_key > OLD.sort_key, newest_image_key,
          (SELECT max(iif(c.videos = 0, c.newest_key, c.newest_image_key)) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 2 AND c.parent = map_cells.cell)))
    WHERE library_id = OLD.library_id AND level = 1
      AND parent = OLD.cell / 10000000 / 450000 * 10000000 + OLD.cell % 10000000 / 450000
      AND cell = OLD.cell / 10000000 / 50000 * 10000000 + OLD.cell % 10000000 / 50000;
  UPDATE map_cells SET assets = assets - 1,
      latitude_sum = latitude_sum - CAST(round(OLD.latitude * 10000000) AS INTEGER),
      longitude_sum = longitude_sum - CAST(round(OLD.longitude * 10000000) AS INTEGER),
      newest_key = iif(newest_key > OLD.sort_key, newest_key,
        (SELECT max(c.newest_key) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 1 AND c.parent = map_cells.cell)),
      videos = videos - (OLD.media_type = 'video'),
      video_latitude_sum = video_latitude_sum - (OLD.media_type = 'video') * CAST(round(OLD.latitude * 10000000) AS INTEGER),
      video_longitude_sum = video_longitude_sum - (OLD.media_type = 'video') * CAST(round(OLD.longitude * 10000000) AS INTEGER),
      newest_video_key = iif(OLD.media_type <> 'video' OR newest_video_key > OLD.sort_key, newest_video_key,
        (SELECT max(c.newest_video_key) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 1 AND c.parent = map_cells.cell)),
      newest_image_key = iif(videos - (OLD.media_type = 'video') = 0, NULL,
        iif(OLD.media_type <> 'image' OR newest_image_key > OLD.sort_key, newest_image_key,
          (SELECT max(iif(c.videos = 0, c.newest_key, c.newest_image_key)) FROM map_cells c WHERE c.library_id = OLD.library_id AND c.level = 1 AND c.parent = map_cells.cell)))
    WHERE library_id = OLD.library_id AND level = 0
      AND parent = OLD.cell / 10000000 / 10000000 * 10000000 + OLD.cell % 10000000 / 10000000
      AND cell = OLD.cell / 10000000 / 450000 * 10000000 + OLD.cell % 10000000 / 450000;
END;

CREATE TABLE month_counts (
  library_id text NOT NULL,
  trashed integer NOT NULL,
  month integer NOT NULL,
  assets integer NOT NULL,
  in_album integer NOT NULL, image_0 integer DEFAULT 0 NOT NULL, image_1 integer DEFAULT 0 NOT NULL, image_2 integer DEFAULT 0 NOT NULL, image_3 integer DEFAULT 0 NOT NULL, image_4 integer DEFAULT 0 NOT NULL, image_5 integer DEFAULT 0 NOT NULL, video_0 integer DEFAULT 0 NOT NULL, video_1 integer DEFAULT 0 NOT NULL, video_2 integer DEFAULT 0 NOT NULL, video_3 integer DEFAULT 0 NOT NULL, video_4 integer DEFAULT 0 NOT NULL, video_5 integer DEFAULT 0 NOT NULL, image_0_in_album integer DEFAULT 0 NOT NULL, image_1_in_album integer DEFAULT 0 NOT NULL, image_2_in_album integer DEFAULT 0 NOT NULL, image_3_in_album integer DEFAULT 0 NOT NULL, image_4_in_album integer DEFAULT 0 NOT NULL, image_5_in_album integer DEFAULT 0 NOT NULL, video_0_in_album integer DEFAULT 0 NOT NULL, video_1_in_album integer DEFAULT 0 NOT NULL, video_2_in_album integer DEFAULT 0 NOT NULL, video_3_in_album integer DEFAULT 0 NOT NULL, video_4_in_album integer DEFAULT 0 NOT NULL, video_5_in_album integer DEFAULT 0 NOT NULL,
  PRIMARY KEY(library_id, trashed, month)
) WITHOUT ROWID;

CREATE TRIGGER month_counts_delete_empty AFTER UPDATE ON month_counts WHEN NEW.assets = 0
BEGIN
  DELETE FROM month_counts WHERE library_id = NEW.library_id AND trashed = NEW.trashed AND month = NEW.month;
END;

-- Cached media

CREATE TABLE cache_purges (
  tag text PRIMARY KEY NOT NULL,
  library_id text NOT NULL,
  requested_at integer NOT NULL,
  passes integer DEFAULT 0 NOT NULL,
  due_at integer DEFAULT 0 NOT NULL
) WITHOUT ROWID;

CREATE TABLE signing_key_tags (
  tag text PRIMARY KEY NOT NULL
) WITHOUT ROWID;

-- Scheduled maintenance

CREATE TABLE asset_cleanups (
  asset_id text PRIMARY KEY NOT NULL,
  due_at integer NOT NULL
);

CREATE INDEX asset_cleanups_due ON asset_cleanups (due_at);

CREATE TABLE corrupted_files (
  version_id text PRIMARY KEY NOT NULL,
  asset_id text NOT NULL,
  first_byte integer NOT NULL,
  byte_count integer NOT NULL,
  expected_digest text NOT NULL,
  actual_digest text NOT NULL,
  detected_at integer NOT NULL
);

CREATE INDEX corrupted_files_by_asset ON corrupted_files (asset_id);

CREATE TABLE idempotency_keys (
  credential_id text NOT NULL,
  key text NOT NULL,
  request_hash text NOT NULL,
  result text NOT NULL,
  created_at integer NOT NULL,
  PRIMARY KEY(credential_id, key)
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE integrity_findings (
  report_id integer NOT NULL,
  kind text NOT NULL,
  subject text NOT NULL,
  expected_bytes integer,
  stored_bytes integer,
  PRIMARY KEY(report_id, kind, subject)
);

CREATE TABLE integrity_reports (
  id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
  position text NOT NULL,
  assets_checked integer DEFAULT 0 NOT NULL,
  objects_checked integer DEFAULT 0 NOT NULL,
  missing_count integer DEFAULT 0 NOT NULL,
  orphan_count integer DEFAULT 0 NOT NULL,
  mismatch_count integer DEFAULT 0 NOT NULL,
  started_at integer NOT NULL,
  updated_at integer NOT NULL,
  completed_at integer
);

CREATE TABLE part_checksums (
  version_id text PRIMARY KEY NOT NULL,
  asset_id text NOT NULL,
  part_bytes integer NOT NULL,
  md5s text NOT NULL
);

CREATE INDEX part_checksums_by_asset ON part_checksums (asset_id);

CREATE TABLE scrub_rounds (
  id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
  position text NOT NULL,
  files_checked integer DEFAULT 0 NOT NULL,
  bytes_checked integer DEFAULT 0 NOT NULL,
  corrupted_count integer DEFAULT 0 NOT NULL,
  started_at integer NOT NULL,
  updated_at integer NOT NULL,
  completed_at integer
);

CREATE TABLE sweep_positions (
  name text PRIMARY KEY NOT NULL,
  position text NOT NULL,
  updated_at integer NOT NULL
);

CREATE TABLE version_cleanups (
  version_id text PRIMARY KEY NOT NULL,
  asset_id text NOT NULL,
  due_at integer NOT NULL
);

CREATE INDEX version_cleanups_due ON version_cleanups (due_at);
