/** The log of a daemon: its file, and stderr unless that is the same file. */
import type { Clock } from '../../core/clock.ts'
import type { NodeConfig } from '../config/schema.ts'
import { createLogFile } from '../logging/log-file.ts'
import { createLogStream } from '../logging/log-stream.ts'
import { createLogging, type Logging } from '../logging/logging.ts'
import type { DaemonHost } from './host.ts'

export interface DaemonLogInit {
  readonly path: string
  readonly log: NodeConfig['log']
}

export function createDaemonLog(
  { clock, host }: { readonly clock: Clock; readonly host: DaemonHost },
  { path, log }: DaemonLogInit
): Logging {
  const file = createLogFile({ clock }, { path })
  // `lumos up` sends stderr there, so that the last words of a crash are kept.
  if (host.writesTo('stderr', path)) return createLogging({ clock, sinks: [file] }, log)
  const isTerminal = host.stderr.isTTY === true
  const stream = createLogStream(
    { stream: host.stderr },
    {
      format: log.format ?? (isTerminal ? 'pretty' : 'json'),
      colours: isTerminal && !host.env['NO_COLOR'] && host.env['TERM'] !== 'dumb'
    }
  )
  return createLogging({ clock, sinks: [file, stream] }, log)
}
