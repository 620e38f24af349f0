/** Real networks for one test: two namespaces of the kernel joined by a cable, as root on Linux only. */
import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { isRunning } from '../../core/process.ts'

export interface Cable {
  /** The namespaces at its ends, each with one interface and an address. */
  readonly ends: readonly [string, string]
  remove(): Promise<void>
}

const PREFIX = 'lumos-test'
let cables = 0
const run = promisify(execFile)

/** Runs `ip`; resolves to what it prints. */
export async function ip(...args: readonly string[]): Promise<string> {
  return (await run('ip', args)).stdout
}

/** Why no namespaces can be made here; `undefined` when they can. */
export function whyNoNamespaces(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may make network namespaces'
  const probe = `${PREFIX}-${process.pid}-probe`
  try {
    execFileSync('ip', ['netns', 'add', probe], { stdio: 'ignore' })
    execFileSync('ip', ['netns', 'delete', probe], { stdio: 'ignore' })
    return undefined
  } catch {
    return '`ip netns` does not work here'
  }
}

/** Namespaces of tests that were killed. */
export async function sweepNamespaces(): Promise<void> {
  const names = (await ip('netns', 'list')).split('\n').map((line) => line.split(' ')[0] ?? '')
  for (const name of names.filter((each) => each.startsWith(`${PREFIX}-`))) {
    if (!isRunning(Number(name.split('-')[2]))) await ip('netns', 'delete', name)
  }
}

/** Gives each of the two namespaces an interface `eth0`; the two are joined. */
export type Join = (ends: Cable['ends']) => Promise<void>

async function joinByCable([a, b]: Cable['ends']): Promise<void> {
  const peer = ['peer', 'name', 'eth0', 'netns', b]
  await ip('link', 'add', 'eth0', 'netns', a, 'type', 'veth', ...peer)
}

/** Two hosts on a network of their own, with multicast, that nothing leaves. */
export async function layCable(join: Join = joinByCable): Promise<Cable> {
  await sweepNamespaces()
  const name = `${PREFIX}-${process.pid}-${(cables += 1)}`
  const ends: [string, string] = [`${name}-a`, `${name}-b`]
  async function remove(): Promise<void> {
    // The cable goes with the first of its ends.
    for (const end of ends) await ip('netns', 'delete', end).catch(() => undefined)
  }
  try {
    for (const end of ends) await ip('netns', 'add', end)
    await join(ends)
    for (const [index, end] of ends.entries()) {
      await ip('-n', end, 'address', 'add', `10.77.0.${index + 1}/24`, 'dev', 'eth0')
      await ip('-n', end, 'link', 'set', 'lo', 'up')
      await ip('-n', end, 'link', 'set', 'eth0', 'up')
      await ip('-n', end, 'route', 'add', '224.0.0.0/4', 'dev', 'eth0')
    }
  } catch (error) {
    await remove()
    throw error
  }
  return { ends, remove }
}
