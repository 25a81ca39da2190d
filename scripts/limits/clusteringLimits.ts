/** Limits of the detection and grouping of faces, as part of table.ts. */
import * as planAssignments from "../../src/operations/faces/clustering/planAssignments.ts";
import * as detectFaces from "../../src/operations/faces/detection/detectFaces.ts";
import * as libraryClusters from "../../src/operations/faces/libraryClusters.ts";
import * as personMetrics from "../../src/operations/faces/personMetrics.ts";
import * as immichMl from "../../src/providers/faces/immichMl.ts";
import * as metrics from "../../src/records/faces/clusters/metrics.ts";
import * as readClusters from "../../src/records/faces/clusters/readClusters.ts";
import * as faceRuns from "../../src/records/faces/faceRuns.ts";
import { limit, type Section } from "./entry.ts";

export const clusteringSection: Section = {
  title: "Detection and grouping of faces",
  limits: [
    limit(
      detectFaces,
      "MAX_DETECTED_FACES",
      "items",
      "faces stored of a picture",
      "those with less confidence are dropped",
    ),
    limit(immichMl, "MAX_IMMICH_ML_RESPONSE_CHARACTERS", "characters", "response of `IMMICH_ML_URL`", "the task fails"),
    limit(
      readClusters,
      "MAX_COMPARED_PEOPLE",
      "items",
      "people that a face is compared with",
      "the last changed count",
    ),
    limit(readClusters, "MAX_WAITING_FACES", "items", "waiting faces that a face is compared with", "the newest count"),
    limit(
      readClusters,
      "MAX_NEW_FACES",
      "items",
      "faces of other assets that one plan compares",
      "the next one follows",
    ),
    limit(readClusters, "MAX_CHANGED_FACES", "items", "changes that a remembered library follows", "it is read again"),
    limit(planAssignments, "MAX_PLANNED_ASSIGNMENTS", "items", "assignments of one plan", "the next one continues"),
    limit(libraryClusters, "MAX_RECOUNTED_PEOPLE", "items", "people counted again at once", "the next plan continues"),
    limit(
      libraryClusters,
      "MAX_REMEMBERED_CLUSTER_BYTES",
      "bytes",
      "vectors that an isolate remembers",
      "libraries used longest ago are forgotten",
    ),
    limit(personMetrics, "MAX_MEASURED_PEOPLE", "items", "people measured at once", "the next run continues"),
    limit(metrics, "MAX_SAMPLED_FACES", "items", "faces of a person for `pairwise_p90`", "a sample over time"),
    limit(
      faceRuns,
      "DETECTION_PART_ASSETS",
      "items",
      "assets of one part of a detection of earlier photos",
      "the next part",
    ),
    limit(faceRuns, "DELETION_PART_ASSETS", "items", "assets of one part of a deletion of faces", "the next part"),
  ],
};
