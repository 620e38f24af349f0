/** Gives push notifications what they need of the node: its key, its database, its way to the Internet. */
import { openPushConfigs } from '../tasks/push/configs.ts'
import type { PushFormats } from '../tasks/push/delivery.ts'
import type { PushRoot } from '../tasks/push/keys.ts'
import { createPushNotifications } from '../tasks/push/notifications.ts'
import type { PushNotifications } from '../tasks/push/notifications.ts'
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

export interface PushInit {
  readonly config: NodeConfig
  /** Those of peers and those of callers over HTTP have limits of their own, and places. */
  readonly root: PushRoot
  readonly formats?: PushFormats
}

/** `undefined` for a node that is configured to send none. */
export function createPush(
  { clock, random, logger, wire, database }: PushComponents,
  { config, root, formats = {} }: PushInit
): PushNotifications | undefined {
  const { push } = config.tasks
  if (!push.enabled) return undefined
  const targets = createWebTargets(push.allow)
  return createPushNotifications({
    clock,
    random,
    logger: logger.child('push'),
    targets,
    sender: createPushSender({ send: createWebSender({ targets }), now: () => clock.now() }),
    sign: createNotificationSigner(wire.identity),
    formats,
    openConfigs: () => openPushConfigs({ store: database.store, batches: database.tasks, root })
  })
}
