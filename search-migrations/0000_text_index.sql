-- The text index of the search: docs/decisions/0047-a-text-index-in-a-separate-database.md
-- It is derived from the main database and can be rebuilt at any time, so that a later migration may drop and create it.

-- One row: the position of the indexing in the event feed, or in the scan of all assets.
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

INSERT INTO search_state (id, revision, index_version, seq, updated_at) VALUES (1, 0, 0, 0, 0);

-- One row for each live asset. The id starts with the hour of the capture time, so that ids sort by time.
CREATE TABLE search_documents (
  id INTEGER PRIMARY KEY,
  asset_id TEXT NOT NULL,
  -- Hash of the document, by which unchanged ones are skipped.
  digest INTEGER NOT NULL
);

CREATE UNIQUE INDEX search_documents_by_asset ON search_documents (asset_id);

-- Names with which albums and people are indexed. Empty for a person without a name, NULL while documents have several
-- names of one entity, because its event waits.
CREATE TABLE search_names (
  entity_id TEXT PRIMARY KEY NOT NULL,
  library_id TEXT NOT NULL,
  name TEXT
) WITHOUT ROWID;

-- Words are folded and split by the Worker. Each starts with the key of its library, so that the entries of a word are
-- those of one library. The index keeps no text.
CREATE VIRTUAL TABLE search_text USING fts5(
  caption, people, albums, places, file_name, camera, keys,
  content = '', contentless_delete = 1, tokenize = "ascii tokenchars '_'"
);

CREATE VIRTUAL TABLE search_words USING fts5vocab('search_text', 'row');

CREATE VIRTUAL TABLE search_entries USING fts5vocab('search_text', 'instance');
