/** Limits of the containers of videos, in which key frames are found. */
import * as aviIndex from "../../src/media/inspect/video/keyFrames/avi/aviIndex.ts";
import * as frameSearch from "../../src/media/inspect/video/keyFrames/avi/frameSearch.ts";
import * as cues from "../../src/media/inspect/video/keyFrames/matroska/cues.ts";
import * as clusters from "../../src/media/inspect/video/keyFrames/matroska/clusters.ts";
import * as pictureFinder from "../../src/media/inspect/video/keyFrames/mpeg/pictureFinder.ts";
import * as searchedPlaces from "../../src/media/inspect/video/keyFrames/searchedPlaces.ts";
import { limit, type Section } from "./entry.ts";

const NEXT_PLACE = "the next place is searched";

export const filmContainerSection: Section = {
  title: "Containers of videos",
  limits: [
    limit(searchedPlaces, "SEARCHED_PLACES", "items", "places of a video without an index that are searched", "none"),
    limit(searchedPlaces, "MAX_PLACE_SEARCH_BYTES", "bytes", "part of a video that is searched at a place", NEXT_PLACE),
    limit(clusters, "MAX_SEARCHED_CLUSTERS", "items", "marks of Matroska clusters looked at from a place", NEXT_PLACE),
    limit(clusters, "MAX_SEARCHED_ELEMENTS", "items", "elements of Matroska that are searched at a place", NEXT_PLACE),
    limit(frameSearch, "MAX_SEARCHED_CHUNKS", "items", "chunks of an AVI that are searched at a place", NEXT_PLACE),
    limit(
      pictureFinder,
      "MAX_SEARCHED_UNITS",
      "items",
      "units of an MPEG stream that are searched at a place",
      NEXT_PLACE,
    ),
    limit(aviIndex, "MAX_AVI_INDEX_BYTES", "bytes", "index of an AVI that is read as a whole", "read at ten places"),
    limit(cues, "MAX_CUES_BYTES", "bytes", "index of a Matroska file", "later key frames are left out"),
  ],
};
