-- An asset has a vector of its content and one of its appearance, a perceptual hash.
ALTER TABLE vectors ADD COLUMN kind TEXT NOT NULL DEFAULT 'content';

DROP INDEX vectors_by_asset;

CREATE UNIQUE INDEX vectors_by_asset ON vectors (asset_id, kind);
