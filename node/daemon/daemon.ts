/** The life of a daemon: one owner a profile, ready when it says so, gone when asked to. */
import type { ConfigValue, Started } from '../../client/api.ts'
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { ERRORS, EXIT } from '../../core/error-table.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Environment, NodePaths } from '../../core/paths.ts'
import type { Random } from '../../core/random.ts'
import type { Secret } from '../../core/secret.ts'
import { createControlServer } from '../../gateway/control/control-server.ts'
import type { ControlOperations } from '../../gateway/control/operations.ts'
import type { LoadedConfig } from '../config/load.ts'
import type { NodeConfig } from '../config/schema.ts'
import type { Logging } from '../logging/logging.ts'
import { createDaemonLog } from './daemon-log.ts'
import { isBrokenLink } from './defects.ts'
import { prepareHome } from './home.ts'
import { SIGNAL_EXIT, type DaemonHost } from './host.ts'
import { keepMemoryLow } from './idle-memory.ts'
import { lockProfile } from './profile-lock.ts'
import type { ReadyReport } from './ready-report.ts'
import { beginRun, type RunRecord } from './run-file.ts'
import { notifyServiceManager } from './service-manager.ts'

/** A node as the daemon sees it. */
export interface NodeHandle extends Component {
  readonly operations: ControlOperations
  /** Once started. */
  identity(): {
    readonly peerId: string
    readonly name: string
    readonly addresses: readonly string[]
  }
}

export interface DaemonNodeInit {
  readonly config: NodeConfig
  readonly paths: NodePaths
  readonly swarmKey: Secret<string> | undefined
  readonly invite: Secret<string> | undefined
  /** Of the key, from a person; without it, it is in the file that the configuration names. */
  readonly passphrase?: Secret<string> | undefined
  readonly version: string
  /** Of the process: keys of language models may be in it. */
  readonly env: Environment
  /** For `config` of the control API. */
  readonly values: readonly ConfigValue[]
  /** For what the control API has of the log. */
  readonly logs: ControlOperations['logs']
  readonly logLevels: ControlOperations['logLevels']
  /** For `stop` of the control API. */
  readonly requestStop: () => void
}

export interface NodeParts {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** Builds a node that does nothing yet. Failures are LumosErrors with their reason. */
export type CreateNode = (parts: NodeParts, init: DaemonNodeInit) => Promise<NodeHandle>

export interface DaemonComponents {
  readonly clock: Clock
  readonly random: Random
  readonly host: DaemonHost
  readonly createNode: CreateNode
}

export interface DaemonInit {
  readonly paths: NodePaths
  readonly loaded: LoadedConfig
  readonly version: string
  readonly report: ReadyReport
  readonly passphrase?: Secret<string> | undefined
}

/**
 * Runs a node until it is asked to stop, and resolves with the exit code. The process may be ended
 * from inside: after LIMITS.daemonStop, at a second signal, or because of a defect.
 *
 * @throws START_FAILED, HOME_UNUSABLE, PROFILE_LOCKED, LISTEN_FAILED, and what `createNode` and its start throw
 */
export async function runDaemon(parts: DaemonComponents, init: DaemonInit): Promise<number> {
  await prepareHome(init.paths)
  const lock = await lockProfile(parts, init.paths)
  try {
    return await runOwned(parts, init)
  } finally {
    lock.release()
  }
}

/** As the one owner of the profile. */
async function runOwned(parts: DaemonComponents, init: DaemonInit): Promise<number> {
  const { clock, host } = parts
  const { paths, loaded, version } = init
  const logging = createDaemonLog({ clock, host }, { path: paths.log, log: loaded.config.log })
  const run = beginRun({ clock }, { path: paths.run, pid: host.pid, socket: paths.socket, version })
  const daemon = { ...parts, logging, run }
  const ending = watchForEnd(daemon)
  try {
    logStart(logging.logger, run, version)
    await live(daemon, init, ending)
    run.ended(EXIT.ok)
    return EXIT.ok
  } catch (error) {
    const failure = startFailure(error)
    logging.logger.error('the node did not start', { error })
    run.ended(ERRORS[failure.code].exit, failure.toWire())
    throw failure
  } finally {
    ending.release()
    logging.close()
  }
}

interface Daemon extends DaemonComponents {
  readonly logging: Logging
  readonly run: RunRecord
}

interface Ending {
  /** Resolves when somebody asks the daemon to stop. */
  readonly asked: Promise<void>
  readonly isAsked: () => boolean
  readonly ask: () => void
  readonly release: () => void
}

async function live(
  { clock, random, host, createNode, logging }: Daemon,
  { paths, loaded, version, report, passphrase }: DaemonInit,
  ending: Ending
): Promise<void> {
  const { logger } = logging
  const node = await createNode(
    { clock, random, logger },
    {
      ...loaded,
      paths,
      version,
      passphrase,
      env: host.env,
      logs: (filter, signal) => logging.lines(filter, signal),
      logLevels: logging.levels,
      // Later, so that the answer to `POST /v1/stop` is on its way before the door closes.
      requestStop: () => void setImmediate(ending.ask)
    }
  )
  const control = createControlServer(
    { operations: node.operations, logger: logger.child('control'), clock },
    { socketPath: paths.socket }
  )
  let endKeeping: (() => void) | undefined
  try {
    // A start cannot be broken off, only followed by its end.
    if (!ending.isAsked()) await node.start()
    if (!ending.isAsked()) await control.start()
    if (ending.isAsked()) report.failed(new LumosError('SHUTTING_DOWN'))
    else {
      const started: Started = { v: 1, ...node.identity(), socket: paths.socket, pid: host.pid }
      report.ready(started)
      endKeeping = keepMemoryLow(clock, host)
      logger.info('ready', { name: started.name, peerId: started.peerId })
      await notifyServiceManager({ host, logger }, 'READY=1', `STATUS=${started.name}`)
    }
    await ending.asked
    logger.info('stopping')
    await notifyServiceManager({ host, logger }, 'STOPPING=1')
  } finally {
    endKeeping?.()
    await control.stop()
    await node.stop()
  }
  logger.info('stopped')
}

/** Signals and defects, from now until `release`. */
function watchForEnd({ clock, host, logging, run }: Daemon): Ending {
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  let cancelDeadline: (() => void) | undefined

  function endNow(code: number, error?: LumosError): void {
    run.ended(code, error?.toWire())
    logging.flush()
    host.exit(code)
  }

  function ask(): void {
    if (cancelDeadline !== undefined) return
    const timeoutMs = LIMITS.daemonStop.value
    cancelDeadline = clock.after(timeoutMs, () => {
      const error = new LumosError('STOP_HUNG', { details: { timeoutMs } })
      logging.logger.error(error.message)
      endNow(ERRORS.STOP_HUNG.exit, error)
    })
    resolve()
  }

  const stopSignals = host.onSignal((signal) => {
    logging.logger.info('signal', { signal })
    // Whoever sends a second one does not want to wait.
    if (cancelDeadline === undefined) ask()
    else endNow(SIGNAL_EXIT[signal])
  })
  const stopDefects = host.onDefect((cause, kind) => {
    if (kind === 'rejection' && isBrokenLink(cause)) {
      logging.logger.warn('a broken link was not handled', { error: cause })
      return
    }
    logging.fatal(`the process ends: uncaught ${kind}`, { error: cause })
    const reason = cause instanceof Error ? cause.message : String(cause)
    endNow(EXIT.crashed, new LumosError('CRASHED', { cause, details: { reason } }))
  })
  return {
    asked,
    isAsked: () => cancelDeadline !== undefined,
    ask,
    release() {
      cancelDeadline?.()
      stopSignals()
      stopDefects()
    }
  }
}

function logStart(logger: Logger, { previous }: RunRecord, version: string): void {
  logger.info('starting', { version, node: process.version })
  if (previous === undefined || previous.exit !== undefined) return
  const { pid, startedAt } = previous
  logger.warn('the run before ended without a word', { pid, startedAt })
}

/** What Lumos did not foresee still says why the node did not start. */
function startFailure(error: unknown): LumosError {
  if (error instanceof LumosError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new LumosError('START_FAILED', { cause: error, details: { reason } })
}
