/** The answers of a check as monitoring systems take them: Nagios, Icinga and what speaks like them. */
import type { CheckState } from '../client/doctor-api.ts'

/** Exit codes of Nagios plugins. */
export const EXIT_OF: Readonly<Record<CheckState, number>> = {
  ok: 0,
  warning: 1,
  critical: 2,
  unknown: 3
}
