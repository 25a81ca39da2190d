-- Generated from the search migrations by npm run db:schema. Do not edit.

CREATE TABLE search_state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- Counts the writes, each of which requires the revision that it read.
  revision INTEGER NOT NULL,
  -- Version of the documents. Another one than that of the code causes a rebuild.
  index_version INTEGER NOT NULL,
  -- The last event whose assets are indexed.
  seq INTEGER NOT NULL,
  -- During a scan: the asset after which it continues.
  scan_after TEXT,
  -- While the assets of a renamed album or person are indexed: its event, and the document after which it continues.
  entity_seq INTEGER,
  entity_after INTEGER,
  updated_at INTEGER NOT NULL
);

CREATE TABLE search_documents (
  id INTEGER PRIMARY KEY,
  asset_id TEXT NOT NULL,
  -- Hash of the document, by which unchanged ones are skipped.
  digest INTEGER NOT NULL
);

CREATE UNIQUE INDEX search_documents_by_asset ON search_documents (asset_id);

CREATE TABLE search_names (
  entity_id TEXT PRIMARY KEY NOT NULL,
  library_id TEXT NOT NULL,
  name TEXT
) WITHOUT ROWID;

CREATE VIRTUAL TABLE search_text USING fts5(
  caption, people, albums, places, file_name, camera, keys,
  content = '', contentless_delete = 1, tokenize = "ascii tokenchars '_'"
);

CREATE VIRTUAL TABLE search_words USING fts5vocab('search_text', 'row');

CREATE VIRTUAL TABLE search_entries USING fts5vocab('search_text', 'instance');

CREATE TABLE vectors (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  library_id TEXT NOT NULL,
  asset_id TEXT NOT NULL,
  -- The model and the number of dimensions. Vectors of different spaces are never compared.
  space TEXT NOT NULL,
  -- What was embedded: the version of an image, or a digest of a text.
  source TEXT NOT NULL,
  -- Base64 of signed bytes.
  data TEXT NOT NULL
, kind TEXT NOT NULL DEFAULT 'content');

CREATE INDEX vectors_by_space ON vectors (library_id, space, seq);

CREATE TABLE vector_blocks (
  library_id TEXT NOT NULL,
  space TEXT NOT NULL,
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  object_key TEXT NOT NULL,
  -- Vectors in the object, and those of them that were deleted or replaced since.
  vectors INTEGER NOT NULL,
  outdated INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (library_id, space, first_seq)
) WITHOUT ROWID;

CREATE TRIGGER vectors_deleted AFTER DELETE ON vectors BEGIN
  UPDATE vector_blocks SET outdated = outdated + 1
    WHERE library_id = OLD.library_id AND space = OLD.space AND first_seq <= OLD.seq AND last_seq >= OLD.seq;
END;

CREATE UNIQUE INDEX vectors_by_asset ON vectors (asset_id, kind);
