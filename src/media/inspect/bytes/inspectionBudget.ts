/**
 * Limits the work of reading one file's metadata, whatever its bytes are. Attempts are charged before they are made, so
 * that failed ones count too. In the most expensive files known, one byte of work takes 12 ns of CPU time.
 */

/** Bytes read, handed to parsers, inflated and parsed. 1 MiB of XMP beside a colour profile of 1 MiB needs 5.8 MiB. */
export const INSPECTION_BUDGET_BYTES = 8 * 1024 * 1024;
/** The part that only parsing may use: what was read before the rest ran out is still parsed. */
export const PARSING_RESERVE_BYTES = 2 * 1024 * 1024;
/** Work of one read, in addition to its bytes. */
export const READ_COST_BYTES = 128;
/** Work of one decompression, in addition to its input and output. */
export const DECOMPRESSION_COST_BYTES = 16 * 1024;
/** Work of one XML tag, in addition to its bytes. */
export const XML_TAG_COST_BYTES = 16;

export interface InspectionBudget {
  /** Charges an attempt that fits what is left before the parsing reserve; otherwise only returns false. */
  spend(bytes: number): boolean;
  /** Charges the parsing of bytes in memory, which may use the reserve. */
  spendOnParsing(bytes: number): boolean;
  /** Work left before the parsing reserve. */
  remainingBytes(): number;
  /** Work done so far. */
  spentBytes(): number;
}

/** Creates the budget of one file. */
export function inspectionBudget(): InspectionBudget {
  let spent = 0;
  const spendWithin = (bytes: number, limit: number): boolean => {
    if (spent + bytes > limit) return false;
    spent += bytes;
    return true;
  };
  const limit = INSPECTION_BUDGET_BYTES - PARSING_RESERVE_BYTES;
  return {
    spend: (bytes) => spendWithin(bytes, limit),
    spendOnParsing: (bytes) => spendWithin(bytes, INSPECTION_BUDGET_BYTES),
    remainingBytes: () => Math.max(0, limit - spent),
    spentBytes: () => spent,
  };
}
