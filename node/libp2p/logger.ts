/** libp2p's log as debug lines of ours, by the names of its own parts; almost free while nobody wants them. */
import { format } from 'node:util'
import type { ComponentLogger, Logger as Libp2pLogger } from '@libp2p/interface'
import type { Logger } from '../../core/logger.ts'

/** Silent for a logger that cannot say beforehand what is wanted: libp2p formats several lines for each message it handles. */
export function createLibp2pLogger(logger?: Logger): ComponentLogger {
  if (logger?.wants === undefined) return { forComponent: () => silent }
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
  const ours = logger.child(component.startsWith('libp2p') ? component : `libp2p:${component}`)
  const say =
    (level: 'debug' | 'trace', fields?: { readonly level: string }) =>
    (template: unknown, ...values: unknown[]) => {
      if (ours.wants?.(level) === true) ours[level]?.(fill(template, values), fields)
    }
  return Object.assign(say('debug'), {
    enabled: true,
    error: say('debug', { level: 'error' }),
    trace: say('trace'),
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
