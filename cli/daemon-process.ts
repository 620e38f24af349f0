/** Starts and stops daemon processes, for `up`, `down`, `restart` and `demo`. */
import { spawn, type ChildProcess } from 'node:child_process'
import { open, type FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { ReadyLine, Started } from '../client/api.ts'
import type { Clock } from '../core/clock.ts'
import { makeDirectories } from '../core/directories.ts'
import { fromWireError, LumosError } from '../core/errors.ts'
import type { Environment, NodePaths } from '../core/paths.ts'
import { isRunning } from '../core/process.ts'
import type { Secret } from '../core/secret.ts'
import { THRIFTY_GLIBC } from './thrifty-glibc.ts'

/** Ready takes about a second; a cold disk or a busy machine may need many times that. */
export const START_TIMEOUT_MS = 45_000
/** The node drains its tasks for at most 10 s and is gone after 15 s. */
const STOP_TIMEOUT_MS = 20_000
const POLL_MS = 25
/** The end of the daemon's stderr is enough to see why it died. */
const LAST_WORDS_BYTES = 2048
const READY_FD = 3

export interface StartInit {
  readonly bin: string
  readonly env: Environment
  readonly paths: NodePaths
  readonly flags: readonly string[]
  /** Of the node's key. */
  readonly passphrase?: Secret<string> | undefined
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Resolves when the daemon says it is ready; on any failure no process is left behind. */
export async function startDaemon(init: StartInit): Promise<Started> {
  const log = await openLog(init.paths)
  try {
    const before = (await log.stat()).size
    const child = spawnDaemon(init, log)
    const line = await readyLine(child, init).catch((error: unknown) => {
      child.kill('SIGKILL')
      throw error
    })
    if (line === undefined) throw await died(log, before)
    if (!line.ready) throw fromWireError(line.error)
    child.unref()
    const { v, peerId, name, addresses, socket, pid } = line
    return { v, peerId, name, addresses, socket, pid }
  } finally {
    await log.close()
  }
}

async function openLog({ state, log }: NodePaths): Promise<FileHandle> {
  try {
    await makeDirectories(state)
    return await open(log, 'a+', 0o600)
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    throw new LumosError('HOME_UNUSABLE', { cause, details: { path: state, reason } })
  }
}

/**
 * MiB. V8's default, 16, lets young garbage take 48: with half of it a node that has had 2,500 chats rests
 * at 291 MB instead of 374. It is paid for with CPU: nothing to be seen a chat, 14 to 18 % of a run that does
 * nothing but threads (docs/benchmarks.md, "Agents of a language model").
 */
export const YOUNG_HEAP = '--max-semi-space-size=8'

function spawnDaemon({ bin, env, flags, passphrase }: StartInit, log: FileHandle): ChildProcess {
  const asked = passphrase === undefined ? [] : ['--passphrase-stdin']
  const argv = [YOUNG_HEAP, bin, 'daemon', '--ready-fd', String(READY_FD), ...asked, ...flags]
  const child = spawn(process.execPath, argv, {
    // A session of its own: the Ctrl-C and the closing of this terminal are not for it.
    detached: true,
    env: { ...THRIFTY_GLIBC, ...env },
    stdio: [passphrase === undefined ? 'ignore' : 'pipe', 'ignore', log.fd, 'pipe']
  })
  // One that has died already is told of by its end.
  child.stdin?.on('error', () => undefined)
  if (passphrase !== undefined) child.stdin?.end(passphrase.reveal())
  return child
}

/** Undefined when the process ended without a word. */
async function readyLine(child: ChildProcess, init: StartInit): Promise<ReadyLine | undefined> {
  const pipe = child.stdio[READY_FD]
  if (!(pipe instanceof Readable)) return undefined
  const late = AbortSignal.timeout(init.timeoutMs)
  const { promise: failed, reject } = Promise.withResolvers<never>()
  const end = (): void => {
    const { timeoutMs } = init
    reject(
      late.aborted
        ? new LumosError('TIMED_OUT', { details: { timeoutMs } })
        : asError(init.signal.reason)
    )
  }
  late.addEventListener('abort', end)
  init.signal.addEventListener('abort', end)
  child.once('error', (cause) => {
    reject(new LumosError('START_FAILED', { cause, details: { reason: cause.message } }))
  })
  try {
    init.signal.throwIfAborted()
    const text = await Promise.race([firstLine(pipe), failed])
    return text === '' ? undefined : parseReadyLine(text)
  } finally {
    late.removeEventListener('abort', end)
    init.signal.removeEventListener('abort', end)
    pipe.destroy()
  }
}

async function firstLine(pipe: Readable): Promise<string> {
  let text = ''
  for await (const chunk of pipe as AsyncIterable<Buffer>) {
    text += chunk.toString('utf8')
    const end = text.indexOf('\n')
    if (end >= 0) return text.slice(0, end)
  }
  return text.trim()
}

function parseReadyLine(text: string): ReadyLine {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by the very program this one started
  return JSON.parse(text) as ReadyLine
}

async function died(log: FileHandle, before: number): Promise<LumosError> {
  const { size } = await log.stat()
  const from = Math.max(before, size - LAST_WORDS_BYTES)
  const { buffer, bytesRead } = await log.read(Buffer.alloc(size - from), 0, size - from, from)
  const words = buffer.subarray(0, bytesRead).toString('utf8').trim().split('\n')
  const reason = words.findLast((line) => /error/i.test(line)) ?? words.at(-1)
  return new LumosError('START_FAILED', {
    details: { reason: reason || 'the process ended without a word' }
  })
}

/** Waits until process `pid` is gone. */
export async function awaitExit(pid: number, clock: Clock, signal?: AbortSignal): Promise<void> {
  const deadline = clock.monotonic() + STOP_TIMEOUT_MS
  while (isRunning(pid)) {
    if (clock.monotonic() > deadline) {
      throw new LumosError('TIMED_OUT', { details: { timeoutMs: STOP_TIMEOUT_MS, pid } })
    }
    // oxlint-disable-next-line no-await-in-loop -- polling: nothing tells of the end of a stranger
    if (!(await clock.sleep(POLL_MS, signal))) throw signal?.reason
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new LumosError('CANCELLED')
}
