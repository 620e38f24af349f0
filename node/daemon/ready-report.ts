/** Says once whether the node is ready: to people, to programs, and to whoever started it. */
import type { ReadyLine, Started } from '../../client/api.ts'
import type { LumosError } from '../../core/errors.ts'
import type { DaemonHost } from './host.ts'

export interface ReadyReportInit {
  readonly json: boolean
  /** Where a parent process waits for the line (client/api.ts, `ReadyLine`). */
  readonly fd: number | undefined
  /** stdout is the log itself: nobody reads it for the READY line. */
  readonly quiet: boolean
}

export interface ReadyReport {
  ready(started: Started): void
  failed(error: LumosError): void
}

export function createReadyReport(host: DaemonHost, init: ReadyReportInit): ReadyReport {
  let told = false
  function tell(line: ReadyLine): void {
    if (!told && init.fd !== undefined) host.tell(init.fd, `${JSON.stringify(line)}\n`)
    told = true
  }
  return {
    ready(started) {
      const line: ReadyLine = { ready: true, ...started }
      tell(line)
      if (!init.quiet) host.stdout.write(init.json ? `${JSON.stringify(line)}\n` : text(started))
    },
    failed: (error) => tell({ ready: false, error: error.toWire() })
  }
}

function text({ name, peerId, pid, addresses, socket }: Started): string {
  const lines = [`READY ${name}   ${peerId}   pid ${pid}`]
  lines.push(...addresses.map((address) => `  at ${address}`), `  control ${socket}`)
  return `${lines.join('\n')}\n`
}
