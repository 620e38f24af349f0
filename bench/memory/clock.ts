/** One clock for all processes of a bench. */

/** Milliseconds of the machine's monotonic clock, which all processes share; `performance.now` counts from their starts. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
