/** What all parts of the memory bench share: a folder, processes that end with it, and how figures are told. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { LumosOperations } from './lumos-nodes.ts'
import { startProcess } from './processes.ts'
import type { BenchProcess, Operations } from './processes.ts'

export type Lumos = BenchProcess<LumosOperations>

export interface Pair {
  readonly near: Lumos
  readonly far: Lumos
  /** Of the near node. */
  readonly address: string
}

export const folder = mkdtempSync(join(tmpdir(), 'lumos-bench-'))
export const swarmKey = randomBytes(32).toString('hex')
const running = new Set<{ kill(): Promise<void> }>()

export function start<O extends Operations>(module: string): BenchProcess<O> {
  const started = startProcess<O>(module, ['--expose-gc'])
  running.add(started)
  return started
}

export function startLumos(): Lumos {
  return start<LumosOperations>('lumos-nodes.ts')
}

/** Two nodes, called `near` and `far`, that know nothing of each other; whatever pair was before is gone. */
export async function startPair({ listen }: { readonly listen?: string } = {}): Promise<Pair> {
  for (const name of ['near', 'far']) rmSync(join(folder, name), { recursive: true, force: true })
  const [near, far] = [startLumos(), startLumos()]
  const init = { folder, swarmKey }
  const { address } = await near.ask('start', { ...init, name: 'near', ...(listen && { listen }) })
  await far.ask('start', { ...init, name: 'far' })
  return { near, far, address }
}

export async function clear(): Promise<void> {
  await Promise.all([...running].map((each) => each.kill()))
  running.clear()
}

export async function strike(): Promise<void> {
  await clear()
  rmSync(folder, { recursive: true, force: true })
}

export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(10)
}

/** Resolves when the node has seen `changes`, and holds the same as all of its peers. */
export async function isEqual(lumos: Lumos, name: string, changes: number): Promise<void> {
  // Comparing holds up what is compared: not before there is hope.
  await until(async () => (await lumos.ask('changes', { name })) >= changes)
  await until(async () => {
    const { equal, peers } = await lumos.ask('status', { name })
    return equal > 0 && equal === peers
  })
}

export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(share * values.length)] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function row(...cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`)
}

export function ms(value: number): string {
  return `${value.toFixed(value < 100 ? 1 : 0)} ms`
}
