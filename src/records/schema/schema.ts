/** All tables and indexes. Migrations are generated from these files; queries name the index they rely on. */
export { apiKeys, libraries, users } from "./accountTables.ts";
export { albumAssets, albums } from "./albumTables.ts";
export { assets, assetVersions, derivedFiles, stacks } from "./assetTables.ts";
export { cachePurges, signingKeyTags } from "./deliveryTables.ts";
export { clusterStates, faceEmbeddings, faceRejections, faceRuns, personClusters } from "./faceTables.ts";
export { feedback, feedbackTypes } from "./feedbackTables.ts";
export {
  assetCleanups,
  corruptedFiles,
  idempotencyKeys,
  integrityFindings,
  integrityReports,
  partChecksums,
  scrubRounds,
  sweepPositions,
  versionCleanups,
} from "./maintenanceTables.ts";
export { passkeyChallenges, passkeys, signInLinks } from "./passkeyTables.ts";
export {
  invitationRedemptions,
  libraryInvitations,
  libraryMembers,
  memberRoles,
  memberStates,
} from "./memberTables.ts";
export { FACE_SOURCES, faces, people } from "./peopleTables.ts";
export { cropCleanups, personAssets, personMonthCounts, personPairs } from "./personAssetTables.ts";
export { sessions, signInRequests } from "./sessionTables.ts";
export { albumMonthCounts, dayCounts, mapCells, mapPoints, monthCounts } from "./summaryTables.ts";
export { assetTasks, events, FORMER_TASK_TYPES, taskTypes } from "./taskTables.ts";
