/** By which names the doors may be called, and which pages in browsers may call them: an end to DNS rebinding. */
import { isIP } from 'node:net'
import type { IncomingHttpHeaders } from 'node:http'
import { LumosError } from '../../core/errors.ts'
import { isLoopback } from './loopback.ts'

export interface HostGuardInit {
  /** Names of these doors, besides those of loopback. */
  readonly hosts: readonly string[]
  /** Origins of pages that may come in, as browsers write them: `https://app.example.org`. */
  readonly origins: readonly string[]
  /** Whether other machines are listened to. Then addresses are names, too: rebinding needs a name. */
  readonly isExposed: boolean
}

export interface HostGuard {
  /**
   * Lets through what calls these doors by a name of theirs, and no page but their own, this machine's, and
   * those of the listed origins.
   * @returns the origin of such a listed page, which has to be told that it may read the answer
   * @throws HOST_REFUSED, ORIGIN_REFUSED
   */
  check(headers: Pick<IncomingHttpHeaders, 'host' | 'origin'>): string | undefined
}

export function createHostGuard({ hosts, origins, isExposed }: HostGuardInit): HostGuard {
  const names = new Set(hosts.map((host) => host.toLowerCase()))
  const pages = new Set(origins)

  function isOurs(hostname: string): boolean {
    if (isLoopback(hostname) || names.has(hostname)) return true
    return isExposed && isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0
  }

  return {
    check({ host = '', origin }) {
      const called = urlOf(`http://${host}`)
      if (called === undefined || !isOurs(called.hostname)) throw new LumosError('HOST_REFUSED')
      if (origin === undefined) return undefined
      if (pages.has(origin)) return origin
      const page = urlOf(origin)
      const isOwn = page !== undefined && (isSame(page, host) || isNeighbour(page, called))
      if (!isOwn) throw new LumosError('ORIGIN_REFUSED')
      return undefined
    }
  }
}

/** A page of these doors themselves. */
function isSame(page: URL, host: string): boolean {
  return urlOf(`${page.protocol}//${host}`)?.host === page.host
}

/** A page of this machine, as tools of developers are, in a browser on this machine. */
function isNeighbour(page: URL, called: URL): boolean {
  return isLoopback(page.hostname) && isLoopback(called.hostname)
}

function urlOf(text: string): URL | undefined {
  const url = URL.parse(text)
  // Anything more than a host is no `Host` and no `Origin`.
  return url?.href === `${url?.origin}/` ? (url ?? undefined) : undefined
}
