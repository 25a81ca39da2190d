/** Compares received bytes with the digests that the client declared, to reject damaged transfers. */
import { invalid } from "../../kernel/errors.ts";
import type { DeclaredDigests } from "./uploadSource.ts";

/**
 * Throws `validation_error` if a declared digest differs from the received bytes. All digests are base64.
 *
 * @param received `sha1` is null if only SHA-256 was computed; a declared SHA-1 is ignored then.
 */
export function checkDeclaredDigests(received: DeclaredDigests, declared: DeclaredDigests[], loc: string[]): void {
  for (const { sha256, sha1 } of declared) {
    if (sha256 !== null && sha256 !== received.sha256)
      throw invalid(
        loc,
        `SHA-256 of the received bytes is ${received.sha256}, not ${sha256} as declared; send the file again`,
      );
    if (sha1 !== null && received.sha1 !== null && sha1 !== received.sha1)
      throw invalid(
        loc,
        `SHA-1 of the received bytes is ${received.sha1}, not ${sha1} as declared; send the file again`,
      );
  }
}
