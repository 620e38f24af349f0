/** What every door on the loopback interface needs: to be there for this machine alone, also where a browser runs on it. */
import type { Server } from 'node:http'
import { LumosError } from '../../core/errors.ts'

export const LOOPBACK = '127.0.0.1'

/** Names that only this machine has; any other smells of DNS rebinding. */
const HOSTS: ReadonlySet<string> = new Set([LOOPBACK, 'localhost', '[::1]'])

/** By which header a page in a browser gives itself away, whatever it calls this machine. */
export function foreignHeader({
  host,
  origin
}: {
  readonly host: string | undefined
  readonly origin: string | undefined
}): 'Host' | 'Origin' | undefined {
  if (!HOSTS.has(hostOf(host ?? ''))) return 'Host'
  const isForeign = origin !== undefined && !HOSTS.has(hostOf(origin.replace(/^https?:\/\//, '')))
  return isForeign ? 'Origin' : undefined
}

function hostOf(authority: string): string {
  return authority.replace(/:\d+$/, '').toLowerCase()
}

/** @param port 0: any free one. Resolves to the one it is. @throws LISTEN_FAILED */
export function listenOnLoopback(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void => {
      const details = { address: `${LOOPBACK}:${port}`, reason: cause.message }
      reject(new LumosError('LISTEN_FAILED', { cause, details }))
    }
    server.once('error', fail)
    server.listen(port, LOOPBACK, () => {
      server.off('error', fail)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}
