-- The vectors of the search: docs/decisions/0048-vectors-are-scanned-in-blocks.md

-- One row for each asset with a vector. A replaced vector gets another number, so that blocks are recognized as outdated.
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
);

CREATE UNIQUE INDEX vectors_by_asset ON vectors (asset_id);

CREATE INDEX vectors_by_space ON vectors (library_id, space, seq);

-- Objects in R2 with the vectors of a range of numbers. Rows after the last block are read from the table.
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
