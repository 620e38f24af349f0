/** libp2p's log as debug lines of ours; silent and almost free unless asked for. */
import { format } from 'node:util'
import type { ComponentLogger, Logger as Libp2pLogger } from '@libp2p/interface'
import type { Logger } from '../core/logger.ts'

export interface Libp2pLoggerInit {
  /** Off by default: libp2p formats several lines for each message it handles. */
  readonly enabled: boolean
}

export function createLibp2pLogger(logger: Logger, { enabled }: Libp2pLoggerInit): ComponentLogger {
  if (!enabled) return { forComponent: () => silent }
  return { forComponent: (name) => bridge(logger, name) }
}

const nothing = (): void => {}

/** One object for every component and scope: a connection asks for several. */
const silent: Libp2pLogger = Object.assign(nothing, {
  enabled: false,
  error: nothing,
  trace: nothing,
  newScope: () => silent
})

function bridge(logger: Logger, component: string): Libp2pLogger {
  const debug =
    (level: string) =>
    (template: unknown, ...values: unknown[]) => {
      logger.debug(fill(template, values), { component, level })
    }
  return Object.assign(debug('info'), {
    enabled: true,
    error: debug('error'),
    trace: debug('trace'),
    newScope: (name: string) => bridge(logger, `${component}:${name}`)
  })
}

/** libp2p adds formatters to printf's: %p peer id, %a address, %e error, %b and %t bytes, %c CID, %k key. */
function fill(template: unknown, values: readonly unknown[]): string {
  if (typeof template !== 'string') return format(template, ...values)
  return format(template.replaceAll(/%[paebtck]/g, '%s'), ...values.map(readable))
}

function readable(value: unknown): unknown {
  if (value instanceof Error) return `${value.name}: ${value.message}`
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64url')
  return value
}
