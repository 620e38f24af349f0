/**
 * A2A over HTTP: the door of a Lumos node (tasks on disk) against the official SDK's Express server (tasks in memory).
 *
 * Run: `npm ci --prefix bench && node bench/http.ts`. One light client for all (`node:http`, connections kept), so
 * that what differs are the servers: SendMessage over JSON-RPC with 256 bytes, answered by a completed task with one
 * artifact; to an agent of the node itself, and through it to one of another node; and streams of 100 pieces of 32 bytes.
 * CPU is what the servers' processes took, all their threads, so that it says something on a busy machine, too.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const IN_FLIGHT = 128
const CALLS = 6000
const WARM_UP = 6000
const STREAMS = 100
const ROUNDS = 3
const TEXT = 'x'.repeat(256)
const children: ChildProcess[] = []
/** Anew for each figure: a server ends connections that were quiet while others were measured. */
let agent = connections()

interface Door {
  readonly name: string
  readonly url: string
  readonly token?: string
  /** What works for it. */
  readonly servers: readonly ChildProcess[]
}

interface Figures {
  readonly rate: number
  /** Microseconds a task of each server. */
  readonly cpu: readonly number[]
}

interface Started {
  readonly child: ChildProcess
  /** The first that it prints. */
  readonly line: string
}

function connections(): Agent {
  return new Agent({ keepAlive: true, maxSockets: IN_FLIGHT })
}

async function startServer(script: string, args: readonly string[] = []): Promise<Started> {
  const folder = join(import.meta.dirname, 'a2a')
  const tellCpu = ['--import', join(folder, 'tell-cpu.mjs')]
  const child = spawn(process.execPath, [...tellCpu, join(folder, script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc']
  })
  children.push(child)
  const { stdout } = child
  if (stdout === null) throw new Error('no output')
  for await (const line of createInterface({ input: stdout })) return { child, line }
  throw new Error(`${script} ended`)
}

function cpuOf({ servers }: Door): Promise<number[]> {
  return Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.once('message', (microseconds) => resolve(Number(microseconds)))
          server.send('cpu')
        })
    )
  )
}

interface Call {
  readonly method: 'SendMessage' | 'SendStreamingMessage'
  readonly text: string
  /** Told when the first bytes of the answer are here. */
  readonly onFirst?: () => void
}

/** The whole answer. */
function call({ url, token }: Door, { method, text, onFirst }: Call): Promise<string> {
  const message = { messageId: crypto.randomUUID(), role: 'ROLE_USER', parts: [{ text }] }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { message } })
  return new Promise<string>((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'a2a-version': '1.0',
      ...(token !== undefined && { authorization: `Bearer ${token}` })
    }
    const asked = request(url, { agent, method: 'POST', headers }, (answer) => {
      let whole = ''
      answer.setEncoding('utf8').on('data', (piece: string) => {
        if (whole === '') onFirst?.()
        whole += piece
      })
      answer.on('end', () => {
        if (whole.includes('TASK_STATE_COMPLETED')) resolve(whole)
        else reject(new Error(whole.slice(0, 512)))
      })
    })
    asked.on('error', reject).end(body)
  })
}

async function calls(door: Door, count: number): Promise<Figures> {
  agent.destroy()
  agent = connections()
  let left = count
  const cpuBefore = await cpuOf(door)
  const begin = performance.now()
  async function worker(): Promise<void> {
    while (left > 0) {
      left -= 1
      await call(door, { method: 'SendMessage', text: TEXT })
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  const rate = (count / (performance.now() - begin)) * 1000
  const cpuAfter = await cpuOf(door)
  return { rate, cpu: cpuAfter.map((cpu, index) => (cpu - (cpuBefore[index] ?? 0)) / count) }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

async function streams(door: Door): Promise<{ first: number; total: number }> {
  agent.destroy()
  agent = connections()
  const [firsts, totals]: [number[], number[]] = [[], []]
  for (let index = 0; index < STREAMS; index += 1) {
    const start = performance.now()
    const onFirst = (): void => void firsts.push(performance.now() - start)
    await call(door, { method: 'SendStreamingMessage', text: 'chunks 100', onFirst })
    totals.push(performance.now() - start)
  }
  return { first: median(firsts), total: median(totals) }
}

/** A node that has just started hears of its peers' agents a moment later. */
async function untilItAnswers(door: Door): Promise<void> {
  for (;;) {
    try {
      await call(door, { method: 'SendMessage', text: TEXT })
      return
    } catch (error) {
      if (!String(error).includes('bench-echo')) throw error
    }
  }
}

const folder = mkdtempSync(join(tmpdir(), 'lumos-bench-'))
const swarmKey = randomBytes(32).toString('hex')
try {
  const express = await startServer('sdk-server.mjs')
  const worker = await startServer('lumos-server.ts', [join(folder, 'worker'), swarmKey])
  const gateway = await startServer('http-gateway.ts', [
    join(folder, 'gateway'),
    swarmKey,
    worker.line
  ])
  const [url = '', token = ''] = gateway.line.split(' ')
  const sdk: Door = {
    name: 'SDK, Express, in memory',
    url: `${express.line}/a2a`,
    servers: [express.child]
  }
  const local: Door = {
    name: 'Lumos, its own agent',
    url: `${url}/agents/local-echo`,
    token,
    servers: [gateway.child]
  }
  const remote: Door = {
    name: 'Lumos, agent of a peer',
    url: `${url}/agents/bench-echo`,
    token,
    servers: [gateway.child, worker.child]
  }
  const doors = [sdk, local, remote]
  for (const door of doors) await untilItAnswers(door)
  for (const door of doors) await calls(door, WARM_UP)

  const figures = new Map(doors.map((door) => [door, [] as Figures[]]))
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const door of doors) figures.get(door)?.push(await calls(door, CALLS))
  }
  console.log(
    `load ${loadavg()[0]?.toFixed(1)}, ${IN_FLIGHT} in flight, median of ${ROUNDS} rounds`
  )
  console.log('| server | tasks/s | against the SDK | CPU µs a task |\n|---|---|---|---|')
  const base = median((figures.get(sdk) ?? []).map(({ rate }) => rate))
  for (const [{ name, servers }, values] of figures) {
    const rate = median(values.map((one) => one.rate))
    const cpu = servers.map((_, index) => median(values.map((one) => one.cpu[index] ?? Number.NaN)))
    const each = cpu.map((microseconds) => microseconds.toFixed(0)).join(' + ')
    console.log(`| ${name} | ${rate.toFixed(0)} | ${(rate / base).toFixed(2)} × | ${each} |`)
  }
  console.log(
    '\n| 100 pieces | first bytes ms | total ms | total against the SDK |\n|---|---|---|---|'
  )
  const theirs = await streams(sdk)
  for (const door of doors) {
    const { first, total } = door === sdk ? theirs : await streams(door)
    const ratio = (total / theirs.total).toFixed(2)
    console.log(`| ${door.name} | ${first.toFixed(2)} | ${total.toFixed(2)} | ${ratio} × |`)
  }
} finally {
  agent.destroy()
  for (const child of children) child.kill()
  rmSync(folder, { recursive: true, force: true })
}
