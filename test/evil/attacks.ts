/** All attacks of the suite. */
import type { Attack } from './attack.ts'
import { AGENT_ATTACKS } from './attacks/agents.ts'
import { ARTIFACT_ATTACKS } from './attacks/artifacts.ts'
import { CALL_ATTACKS } from './attacks/calls.ts'
import { CARD_ATTACKS } from './attacks/cards.ts'
import { CONNECTION_ATTACKS } from './attacks/connections.ts'
import { DHT_ATTACKS } from './attacks/dht.ts'
import { GRANT_ATTACKS } from './attacks/grants.ts'
import { MEMBER_ATTACKS } from './attacks/members.ts'
import { MEMORY_ATTACKS } from './attacks/memory.ts'
import { REVOCATION_ATTACKS } from './attacks/revocations.ts'
import { STREAM_ATTACKS } from './attacks/streams.ts'
import { TASK_ATTACKS } from './attacks/tasks.ts'

export const ATTACKS: readonly Attack[] = [
  ...CONNECTION_ATTACKS,
  ...STREAM_ATTACKS,
  ...CALL_ATTACKS,
  ...TASK_ATTACKS,
  ...ARTIFACT_ATTACKS,
  ...CARD_ATTACKS,
  ...DHT_ATTACKS,
  ...MEMORY_ATTACKS,
  ...GRANT_ATTACKS,
  ...REVOCATION_ATTACKS,
  ...MEMBER_ATTACKS,
  ...AGENT_ATTACKS
]
