/** An HTTPS server whose certificate is renewed without a restart. */
import { createServer } from 'node:https'
import type { Server, ServerOptions } from 'node:https'
import type { RequestListener } from 'node:http'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { TlsFiles, TlsInit, TlsMaterial } from './tls-files.ts'

export interface TlsServerComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly files: TlsFiles
}

/**
 * Not listening yet. Until `signal` aborts, files that change are read again, for connections from then on;
 * if they cannot be used, what was read before stays in force.
 *
 * @throws TLS_FILE_UNUSABLE, TLS_KEY_MISMATCH
 */
export async function createTlsServer(
  parts: TlsServerComponents,
  init: Pick<TlsInit, 'clientCa' | 'clients'> & {
    readonly options: ServerOptions
    readonly signal: AbortSignal
  },
  listener: RequestListener
): Promise<Server> {
  const material = await parts.files.read()
  tellExpiry(parts, material)
  const server = createServer(
    {
      ...init.options,
      ...material.options,
      requestCert: init.clientCa !== undefined,
      rejectUnauthorized: init.clients === 'required',
      handshakeTimeout: LIMITS.gatewayRequest.value
    },
    listener
  )
  void keepFresh(parts, server, init.signal)
  return server
}

/** By looking: what tells of changes misses those of links and of other machines' disks. */
async function keepFresh(
  parts: TlsServerComponents,
  server: Server,
  signal: AbortSignal
): Promise<void> {
  const { clock, logger, files } = parts
  while (await clock.sleep(LIMITS.tlsReload.value, signal)) {
    if (!(await files.haveChanged())) continue
    try {
      const material = await files.read()
      if (signal.aborted) return
      server.setSecureContext(material.options)
      logger.info('the certificate was read again')
      tellExpiry(parts, material)
    } catch (error) {
      logger.error('the new certificate cannot be used; the one before stays in force', { error })
    }
  }
}

/** Let's Encrypt's shortest ones live for six days: whoever renews has begun by then. */
const EXPIRY_NOTICE_MS = 2 * 24 * 60 * 60_000

function tellExpiry({ clock, logger }: TlsServerComponents, { expiresAt }: TlsMaterial): void {
  const until = new Date(expiresAt).toISOString()
  if (expiresAt - clock.now() < EXPIRY_NOTICE_MS) logger.warn('the certificate expires', { until })
}
