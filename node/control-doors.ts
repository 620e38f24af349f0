/** Joins the control API and what can be watched live with the doors over HTTP. */
import { createA2aMethods } from '../gateway/a2a/methods.ts'
import { createControlDoor } from '../gateway/control/http-door.ts'
import type { ControlOperations } from '../gateway/control/operations.ts'
import type { Callers } from '../gateway/http/callers.ts'
import type { HttpDoor } from '../gateway/http/request.ts'
import type { UpgradeDoor } from '../gateway/http/upgrade.ts'
import { createLiveDoor } from '../gateway/live/door.ts'
import { createLiveCalls } from '../gateway/live/live-calls.ts'
import { createNodeEvents } from '../gateway/live/node-events.ts'
import type { NodeEvents } from '../gateway/live/node-events.ts'
import { a2aRequests } from '../protocols/a2a/requests.ts'
import type { EdgeService } from '../tasks/edge-service.ts'
import type { Assembly } from './assembly.ts'
import { listAgents } from './operations/agents.ts'
import { edgeOperations } from './operations/edge.ts'
import { peerViews } from './operations/peer-views.ts'
import { withinReach } from './operations/reach.ts'

export interface ControlDoorsParts {
  readonly callers: Callers
  readonly service: EdgeService
  /** What the user of this machine can do; asked when somebody comes. */
  readonly control: () => ControlOperations
}

export interface ControlDoors {
  readonly door: HttpDoor
  readonly upgrade: UpgradeDoor
}

export function createControlDoors(
  assembly: Assembly,
  { callers, service, control }: ControlDoorsParts
): ControlDoors {
  const { components, wire, work } = assembly
  const { clock } = components
  const logger = components.logger.child('gateway')
  const { audit } = wire.authority
  const calls = createLiveCalls({
    methods: createA2aMethods(service, a2aRequests),
    events: nodeEventsOf(assembly),
    memoryOf: (owner) => withinReach(control(), work.tenants, owner).memory
  })
  return {
    door: createControlDoor({
      clock,
      logger,
      callers,
      operationsOf: (caller) => edgeOperations({ work, audit, control: control() }, caller)
    }),
    upgrade: createLiveDoor({ clock, logger, callers, calls, node: () => wire.name })
  }
}

function nodeEventsOf(assembly: Assembly): NodeEvents {
  const { components, wire, work, capabilities } = assembly
  const events = createNodeEvents({
    clock: components.clock,
    newEpoch: () => Buffer.from(components.random.bytes(8)).toString('hex'),
    peers: () => peerViews(assembly),
    agents: () => listAgents(assembly).agents,
    knows: (owner, agent) => work.tenants.knows(owner, agent),
    onNews(listener) {
      const sessions = wire.sessions.events
      const directory = capabilities.directory.events
      sessions.on('opened', listener).on('closed', listener)
      directory.on('changed', listener).on('removed', listener)
      return () => {
        sessions.off('opened', listener).off('closed', listener)
        directory.off('changed', listener).off('removed', listener)
      }
    }
  })
  work.edgeNews.on('changed', ({ id, edge: { owner, agent, contextId }, state }) => {
    events.taskChanged(owner, { id, agent, contextId, state })
  })
  return events
}
