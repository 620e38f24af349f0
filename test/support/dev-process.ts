/** `lumos dev` as somebody has it in a terminal: a process that tells one event a line. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { DevEvent } from '../../client/dev-api.ts'
import type { Lumos } from './lumos.ts'

const BINARY = join(import.meta.dirname, '../../bin/lumos.cjs')

export interface DevProcess {
  /** The next event of that type; those before it are passed over. */
  next<T extends DevEvent['type']>(type: T): Promise<Extract<DevEvent, { type: T }>>
  /** Ctrl-C; resolves with the exit code. */
  interrupt(): Promise<number | null>
}

export function startDev({ env }: Lumos, path: string): DevProcess {
  const child = spawn(process.execPath, [BINARY, 'dev', path, '--json'], { env, stdio: 'pipe' })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let last = ''
  child.stderr.on('data', (chunk) => (last += String(chunk)))
  const gone = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return {
    async next(type) {
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- one event after the other
        const line = await lines.next()
        if (line.done === true) throw new Error(`lumos dev has ended: ${last}`)
        last = line.value
        const event: DevEvent = JSON.parse(last)
        if (event.type === type) return event as never
      }
    },
    interrupt() {
      child.kill('SIGINT')
      return gone
    }
  }
}
