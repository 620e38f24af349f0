/** Gives push notifications what they need of the node: its key, its database, its way to the Internet. */
import { openPushConfigs } from '../tasks/push-configs.ts'
import { createPushNotifications } from '../tasks/push-notifications.ts'
import type { PushNotifications } from '../tasks/push-notifications.ts'
import { createWebTargets } from '../core/web-targets.ts'
import { createNotificationSigner } from '../trust/notification-signature.ts'
import type { NodeConfig } from './config/schema.ts'
import type { NodeDatabase } from './database.ts'
import { createPushSender } from './push-sender.ts'
import { createWebSender } from './web-sender.ts'
import type { NodeComponents, Wire } from './wire.ts'

export interface PushComponents extends NodeComponents {
  readonly wire: Pick<Wire, 'identity'>
  readonly database: NodeDatabase
}

/** `undefined` for a node that is configured to send none. */
export function createPush(
  { clock, random, logger, wire, database }: PushComponents,
  { tasks: { push } }: NodeConfig
): PushNotifications | undefined {
  if (!push.enabled) return undefined
  const targets = createWebTargets(push.allow)
  return createPushNotifications({
    clock,
    random,
    logger: logger.child('push'),
    targets,
    sender: createPushSender({ send: createWebSender({ targets }), now: () => clock.now() }),
    sign: createNotificationSigner(wire.identity),
    openConfigs: () => openPushConfigs({ store: database.store, batches: database.tasks })
  })
}
