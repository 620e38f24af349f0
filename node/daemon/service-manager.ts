/** Tells systemd how the daemon is (`Type=notify`): Node cannot open its datagram socket itself. */
import type { Logger } from '../../core/logger.ts'
import type { DaemonHost } from './host.ts'

/** The program only writes one datagram. */
const NOTIFY_TIMEOUT_MS = 2000

/** Does nothing without NOTIFY_SOCKET. The unit needs `NotifyAccess=all`. Never fails. */
export async function notifyServiceManager(
  { host, logger }: { readonly host: DaemonHost; readonly logger: Logger },
  ...assignments: readonly string[]
): Promise<void> {
  if (!host.env['NOTIFY_SOCKET']) return
  try {
    await host.run('systemd-notify', assignments, NOTIFY_TIMEOUT_MS)
  } catch (error) {
    logger.warn('systemd could not be told', { state: assignments[0], error })
  }
}
