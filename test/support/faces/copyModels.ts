/** Writes public/models/ before the tests, so that the Worker under test finds its networks. */
import { copyFaceModels } from "../../../scripts/copyFaceModels.ts";

export function setup(): void {
  copyFaceModels();
}
