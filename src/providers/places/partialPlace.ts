/** A place that is known without the detail that was asked for. Thrown, so that what is known is kept and the rest can be tried again. */
import { AppError, type ErrorOptions } from "../../kernel/errors.ts";
import type { Place } from "./placeFinder.ts";

/** `rate_limited` may pass; `not_configured` will not until someone changes a setting. */
export class PartialPlace extends AppError {
  readonly place: Place;

  constructor(place: Place, code: "rate_limited" | "not_configured", message: string, options: ErrorOptions = {}) {
    super(code, message, options);
    this.place = place;
  }
}
