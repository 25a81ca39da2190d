/** Limits of people and faces, as part of table.ts. */
import * as faceCropNames from "../../src/operations/delivery/faceCrops/faceCropNames.ts";
import * as faceCrops from "../../src/operations/delivery/faceCrops/faceCrops.ts";
import * as faceRecords from "../../src/records/faces/createFace.ts";
import * as assetFaces from "../../src/records/assets/assetFaces.ts";
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
      assetFaces,
      "MAX_INLINE_FACES",
      "items",
      "faces, or people, of an asset in the row of a page",
      "another query",
    ),
    limit(assetFaces, "MAX_FACES_OF_IDS", "items", "faces and people of a list of `ids`", "422"),
    limit(faceCropNames, "FACE_CROP_EDGE_PX", "px", "side of the crop of a face", "the crop is scaled down"),
    limit(faceCrops, "MAX_CROPS_PER_RUN", "items", "crops that one scheduled run deletes", "the next run continues"),
    limit(
      mergeRecords,
      "FACES_PER_PART",
      "items",
      "faces that a merge or a deletion moves at once",
      "the rest follows",
    ),
  ],
};
