/** Gives a node whose ports nobody chose the usual ones, or free ones when those are taken. */
import { createServer } from 'node:net'
import { join } from 'node:path'
import { readFileBounded, writeJsonAtomic } from '../../storage/atomic-file.ts'
import type { PortClaims } from './port-claims.ts'

/** `/ip4/0.0.0.0/tcp/5866/ws` */
const ADDRESS = /^(?<host>\/ip4\/0\.0\.0\.0\/tcp\/)(?<port>\d+)(?<rest>.*)$/
const PORTS_FILE_BYTES = 1024

export interface PortsInit {
  /** Default addresses: wildcard IPv4 with the port that is wished for. */
  readonly addresses: readonly string[]
  /** Remembers the ports from one start to the next, so that others find the node again. */
  readonly directory: string
  readonly claims: PortClaims
}

/** `addresses` with ports that are free at this moment: last time's, the wished one, or any. */
export async function chooseFreePorts({
  addresses,
  directory,
  claims
}: PortsInit): Promise<string[]> {
  const path = join(directory, 'ports.json')
  const before = await readPorts(path)
  const taken = new Set<number>()
  const ports: number[] = []
  for (const [index, address] of addresses.entries()) {
    const wished = Number(ADDRESS.exec(address)?.groups?.['port'] ?? 0)
    const candidates = [before[index], wished, 0].filter((port) => port !== undefined)
    // oxlint-disable-next-line no-await-in-loop -- one address must not take the port of the next
    const port = await firstFree(
      candidates.filter((candidate) => !taken.has(candidate)),
      claims
    )
    taken.add(port)
    ports.push(port)
  }
  if (ports.some((port, index) => port !== before[index])) {
    // Only a convenience: a disk that cannot take it will be noticed by those who need it.
    await writeJsonAtomic(path, ports).catch(() => undefined)
  }
  return addresses.map((address, index) =>
    address.replace(ADDRESS, `$<host>${ports[index] ?? 0}$<rest>`)
  )
}

async function readPorts(path: string): Promise<readonly (number | undefined)[]> {
  try {
    const file = await readFileBounded(path, PORTS_FILE_BYTES)
    const ports: unknown = JSON.parse(Buffer.from(file?.content ?? '[]').toString())
    return Array.isArray(ports)
      ? ports.map((port: unknown) => (isPort(port) ? port : undefined))
      : []
  } catch {
    return []
  }
}

function isPort(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0 && Number(value) < 65_536
}

async function firstFree(candidates: readonly number[], claims: PortClaims): Promise<number> {
  for (const candidate of candidates) {
    // oxlint-disable-next-line no-await-in-loop -- the first that is free, in this order
    const port = await bind(candidate)
    // oxlint-disable-next-line no-await-in-loop -- as above
    if (port !== undefined && (await claims.claim(port))) return port
  }
  return 0
}

/** The port, when it can be listened on; `undefined` when it is taken. */
function bind(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(undefined))
    probe.listen({ port, host: '0.0.0.0' }, () => {
      const address = probe.address()
      const bound = typeof address === 'object' && address !== null ? address.port : undefined
      probe.close(() => resolve(bound))
    })
  })
}
