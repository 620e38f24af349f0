/** All attacks of the suite. */
import type { Attack } from './attack.ts'
import { CONNECTION_ATTACKS } from './attacks/connections.ts'

export const ATTACKS: readonly Attack[] = CONNECTION_ATTACKS
