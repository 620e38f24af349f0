/** Joins the control API and what can be watched live with the doors over HTTP. */
import { createA2aMethods } from '../gateway/a2a/methods.ts'
import { createControlDoor } from '../gateway/control/http-door.ts'
import type { ControlOperations } from '../gateway/control/operations.ts'
import type { Callers } from '../gateway/http/callers.ts'
import type { HttpDoor } from '../gateway/http/request.ts'
import type { UpgradeDoor } from '../gateway/http/upgrade.ts'
import { createLiveDoor } from '../gateway/live/door.ts'
import { createLiveCalls } from '../gateway/live/live-calls.ts'
import { a2aRequests } from '../protocols/a2a/requests.ts'
import type { EdgeService } from '../tasks/edge/service.ts'
import type { Assembly } from './assembly.ts'
import { edgeOperations } from './operations/edge.ts'
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
    events: {
      watch: (topics, { after, ...options }) =>
        control().watch(topics, { ...options, ...(after !== undefined && { after }) })
    },
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
