/** `lumos up`: one command to have a node; running it again changes nothing. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Started } from '../../client/api.ts'
import { makeDirectories } from '../../core/directories.ts'
import type { Environment } from '../../core/paths.ts'
import { toLumosError } from '../../core/errors.ts'
import type { Cli } from '../cli.ts'
import { START_TIMEOUT_MS, startDaemon } from '../daemon-process.ts'
import { duration } from '../format.ts'
import type { LumosCommand } from '../lumos-command.ts'
import { addNodeFlags, toArguments, type NodeFlags } from '../node-flags.ts'
import { createProgress } from '../progress.ts'
import { startAsking } from '../start-asking.ts'

/** A daemon that is being started by somebody else at this moment gets so long to answer. */
const RIVAL_WAIT_MS = 10_000
const RIVAL_POLL_MS = 100

export function define(command: LumosCommand, cli: Cli): void {
  command
    .example('lumos up', 'start in the background; find peers on this host and network')
    .example('lumos -P two up', 'a second node of yours on this machine')
    .example('lumos up --bootstrap /ip4/192.168.1.9/tcp/5866', 'with a node to begin with')
    .example('lumos up --files-root ~/notes', 'let the agents read a folder')
  addNodeFlags(command).action(async (flags: NodeFlags) => {
    const words = toArguments(flags)
    const running = await runningNode(cli)
    if (running === undefined) return announce(await start(cli, words), cli)
    if (words.length > 0) cli.note('already running: these flags need `lumos restart` with them')
    report(running, 'already running', cli)
  })
}

/** Starts the node of this profile and keeps the flags for `lumos restart`. */
export async function start(
  cli: Cli,
  flags: readonly string[],
  variables: Environment = {}
): Promise<Fresh> {
  let begun = cli.clock.monotonic()
  const progress = createProgress(cli)
  const paths = cli.paths()
  progress.show(`starting the node of profile ${paths.profile}`)
  try {
    const init = {
      bin: cli.host.bin,
      env: { ...cli.env(), ...variables },
      paths,
      flags,
      timeoutMs: cli.flags.timeoutMs ?? START_TIMEOUT_MS,
      signal: cli.signal
    }
    const started = await startAsking({
      start: (passphrase) => startDaemon({ ...init, passphrase }),
      async ask(question) {
        progress.clear()
        if (cli.flags.json) return undefined
        const answer = await cli.terminal.input.readSecret(question)
        // A person may take their time.
        begun = cli.clock.monotonic()
        progress.show(`starting the node of profile ${paths.profile}`)
        return answer
      }
    })
    await keepFlags(paths.state, flags)
    return { ...started, tookMs: cli.clock.monotonic() - begun }
  } catch (error) {
    const rival = toLumosError(error).code === 'PROFILE_LOCKED' ? await awaitRival(cli) : undefined
    if (rival === undefined) throw error
    return { ...rival, tookMs: cli.clock.monotonic() - begun }
  } finally {
    progress.clear()
  }
}

export type Fresh = Started & { readonly tookMs: number }

/** Says what has happened and what to do next. */
export function announce({ tookMs, ...started }: Fresh, cli: Cli): void {
  report(started, `ready in ${duration(tookMs)}`, cli)
}

export function report(started: Started, state: string, cli: Cli): void {
  if (cli.flags.json) return cli.document(started)
  const style = cli.out()
  const { profile } = cli.paths()
  cli.print(
    `${style.good('✓')} node ${style.strong(started.name)} is ${state}   profile ${profile}   pid ${started.pid}`
  )
  for (const address of started.addresses) cli.print(`  ${style.faint('at')} ${address}`)
  const { accent } = cli.err()
  cli.note(`next: ${accent(`${cli.command} demo`)}     see one node do work for another`)
  cli.note(
    `      ${accent(`${cli.command} status`)}   how it is doing      stop it: ${accent(`${cli.command} down`)}`
  )
}

/** The node of this profile, if one answers. */
export async function runningNode(cli: Cli): Promise<Started | undefined> {
  try {
    const status = await cli.client().status(cli.call())
    const { v, peerId, name, addresses, socket, pid } = status
    return { v, peerId, name, addresses, socket, pid }
  } catch (error) {
    if (toLumosError(error).code === 'DAEMON_DOWN') return undefined
    throw error
  }
}

async function awaitRival(cli: Cli): Promise<Started | undefined> {
  const deadline = cli.clock.monotonic() + RIVAL_WAIT_MS
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- polling another process's start
    const started = await runningNode(cli)
    if (started !== undefined || cli.clock.monotonic() > deadline) return started
    // oxlint-disable-next-line no-await-in-loop -- as above
    if (!(await cli.clock.sleep(RIVAL_POLL_MS, cli.signal))) throw cli.signal.reason
  }
}

async function keepFlags(state: string, flags: readonly string[]): Promise<void> {
  await makeDirectories(state)
  await writeFile(join(state, 'up.json'), `${JSON.stringify(flags)}\n`, { mode: 0o600 })
}

/** The flags of the last `up`; none when there was none. */
export async function keptFlags(state: string): Promise<string[]> {
  try {
    const kept: unknown = JSON.parse(await readFile(join(state, 'up.json'), 'utf8'))
    return Array.isArray(kept) ? kept.map(String) : []
  } catch {
    return []
  }
}
