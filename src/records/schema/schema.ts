/** All tables and indexes. Migrations are generated from these files; queries name the index they rely on. */
export { apiKeys, libraries, users } from "./accounts/accountTables.ts";
export { albumAssets, albums } from "./albumTables.ts";
export { assets, assetVersions, derivedFiles, stacks } from "./assetTables.ts";
export { cachePurges, signingKeyTags } from "./deliveryTables.ts";
export { clusterStates, faceEmbeddings, faceRejections, faceRuns, personClusters } from "./people/faceTables.ts";
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
export { passkeyChallenges, passkeys, signInLinks } from "./accounts/passkeyTables.ts";
export {
  invitationRedemptions,
  libraryInvitations,
  libraryMembers,
  memberRoles,
  memberStates,
} from "./accounts/memberTables.ts";
export { FACE_SOURCES, faces, people } from "./people/peopleTables.ts";
export { cropCleanups, personAssets, personMonthCounts, personPairs } from "./people/personAssetTables.ts";
export { sessions, signInRequests } from "./accounts/sessionTables.ts";
export { albumMonthCounts, dayCounts, mapCells, mapPoints, monthCounts } from "./summaryTables.ts";
export { assetTasks, events, FORMER_TASK_TYPES, taskTypes } from "./taskTables.ts";
