/** The one limit that clients need, too: apart, so that pages do not load the words of all others. */

/** As `controlBytes` in core/limits.ts. */
export const CONTROL_BYTES = 32 * 1024 * 1024
