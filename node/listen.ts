/** Makes sure of the ports before libp2p listens: it goes on silently when only some of them are free. */
import { createServer } from 'node:net'
import { LumosError } from '../core/errors.ts'
import { chooseFreePorts } from './config/listen-ports.ts'
import type { PortsInit } from './config/listen-ports.ts'
import { DEFAULT_LISTEN } from './config/schema.ts'

/**
 * The addresses to listen on. Default ports that are taken give way to free ones; a chosen one that
 * is taken throws PORT_IN_USE, one that cannot be had for another reason LISTEN_FAILED.
 */
export async function usableListen(init: PortsInit): Promise<readonly string[]> {
  const { addresses } = init
  if (addresses.join() === DEFAULT_LISTEN.join()) return chooseFreePorts(init)
  await Promise.all(addresses.map(checkAddress))
  return addresses
}

async function checkAddress(address: string): Promise<void> {
  // The port is the relay's.
  if (address.includes('/p2p-circuit')) return
  const [, , host, port] = /^\/(ip4|ip6)\/([^/]+)\/tcp\/(\d+)/.exec(address) ?? []
  if (host === undefined || port === undefined || port === '0') return
  const problem = await bindProblem(host, Number(port))
  if (problem === undefined) return
  if (problem === 'EADDRINUSE') throw new LumosError('PORT_IN_USE', { details: { address } })
  throw new LumosError('LISTEN_FAILED', { details: { address, reason: problem } })
}

/** The errno code that keeps a TCP server from the port; `undefined` when it can be had. */
function bindProblem(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}
