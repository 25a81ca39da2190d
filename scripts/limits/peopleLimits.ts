/** Limits of people and faces, as part of table.ts. */
import * as faceRecords from "../../src/records/faces/createFace.ts";
import * as mergeRecords from "../../src/records/people/mergePeople.ts";
import * as peopleSchemas from "../../src/routes/people/schemas.ts";
import { limit, type Section } from "./entry.ts";

export const peopleSection: Section = {
  title: "People and faces",
  limits: [
    limit(peopleSchemas, "MAX_PERSON_UPDATES", "items", "people in one update", "422"),
    limit(peopleSchemas, "MAX_MERGE_SOURCES", "items", "`source_person_ids` of a merge", "422"),
    limit(faceRecords, "MAX_FACES_PER_ASSET", "items", "faces of an asset, for drawing another one", "409"),
    limit(
      mergeRecords,
      "FACES_PER_PART",
      "items",
      "faces that a merge or a deletion moves at once",
      "the rest follows",
    ),
  ],
};
