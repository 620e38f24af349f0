/** Push notifications for callers over HTTP, whose tasks this node has in its outbox. */
import { KINDS_FORM } from '../gateway/a2a/legacy/forms.ts'
import { createEdgePush } from '../tasks/edge/push.ts'
import type { EdgePush } from '../tasks/edge/push.ts'
import type { PushFormats } from '../tasks/push/delivery.ts'
import type { Assembly } from './assembly.ts'
import { createPush } from './push.ts'

/** A2A 0.3 pushes the whole task (section 9.5). */
const FORMATS: PushFormats = {
  '0.3': { contentType: 'application/json', write: KINDS_FORM.task }
}

export function createNodeEdgePush({ components, init, wire, database, work }: Assembly): EdgePush {
  const { delegations } = work
  const { config } = init
  const push = createPush(
    { ...components, wire, database },
    { config, root: 'edge-push', formats: FORMATS }
  )
  return createEdgePush({ delegations, push })
}
