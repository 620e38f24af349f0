/** Where the doors over HTTP listen, and by which names this machine alone knows itself. */
import type { Server } from 'node:net'
import { isIPv4 } from 'node:net'
import { LumosError } from '../../core/errors.ts'

export const LOOPBACK = '127.0.0.1'

/** Whether nobody but this machine can mean `host`, a name or an address. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'))
}

/** Whether `host` stands for all addresses of the machine. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

/** `host` as it stands in URLs. */
export function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

export interface ListenInit {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
}

/** Resolves with the port that it is. @throws LISTEN_FAILED */
export function listenOn(server: Server, { host, port }: ListenInit): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void => {
      const details = { address: `${hostInUrl(host)}:${port}`, reason: cause.message }
      reject(new LumosError('LISTEN_FAILED', { cause, details }))
    }
    server.once('error', fail)
    server.listen(port, host, () => {
      server.off('error', fail)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}
