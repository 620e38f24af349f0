/**
 * What connections that do nothing cost a node, and those who come in honestly meanwhile.
 *
 * Run: `npm ci --prefix bench && node bench/http-load.ts`. One node in a process of its own. Honest clients are
 * autocannon's: 16 connections that ask for an agent card with a token. Beside them this process holds connections,
 * first by which nothing is said, then by which somebody has come in; more of them than there are places.
 */
import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { LIMITS } from '../core/limits.ts'

const MANY = 10_000
const HONEST = 16
const SECONDS = 8
/** At a time, so that the backlog of the listening socket is not what is measured. */
const BATCH = 200

interface Node {
  readonly url: string
  readonly token: string
  /** Its resident memory, in bytes. */
  memory(): number
  /** Seconds of the processor that it has used. */
  cpu(): number
}

const children: ChildProcess[] = []

async function startNode(home: string): Promise<Node> {
  const script = join(import.meta.dirname, 'a2a', 'http-gateway.ts')
  const child = spawn(process.execPath, [script, home, randomBytes(32).toString('hex')], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  children.push(child)
  const proc = `/proc/${child.pid}`
  for await (const line of createInterface({ input: child.stdout })) {
    const [url = '', token = ''] = line.split(' ')
    return {
      url,
      token,
      memory: () =>
        1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`${proc}/status`, 'utf8'))?.[1]),
      cpu() {
        const fields = readFileSync(`${proc}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
        return (Number(fields[11]) + Number(fields[12])) / 100
      }
    }
  }
  throw new Error('the node ended')
}

interface Told {
  readonly requests: { readonly average: number; readonly total: number }
  readonly latency: { readonly p50: number; readonly p99: number }
  readonly errors: number
  readonly timeouts: number
  readonly non2xx: number
}

interface Honest {
  readonly rate: number
  readonly p50: number
  readonly p99: number
  readonly failures: number
  /** Processor time of the node for one request, in microseconds. */
  readonly cpu: number
}

async function askHonestly(node: Node): Promise<Honest> {
  const before = node.cpu()
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(import.meta.dirname, 'node_modules/autocannon/autocannon.js'),
    '--json',
    '--connections',
    String(HONEST),
    '--duration',
    String(SECONDS),
    '--headers',
    `authorization=Bearer ${node.token}`,
    `${node.url}/agents/local-echo/.well-known/agent-card.json`
  ])
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as autocannon 9.0.0 tells it
  const told = JSON.parse(stdout) as Told
  return {
    rate: told.requests.average,
    p50: told.latency.p50,
    p99: told.latency.p99,
    failures: told.errors + told.timeouts + told.non2xx,
    cpu: ((node.cpu() - before) * 1e6) / told.requests.total
  }
}

/** `hello` is said once on each; resolves when all are connected, and have heard an answer where they asked. */
async function hold({ url }: Node, count: number, hello = ''): Promise<Set<Socket>> {
  const open = new Set<Socket>()
  const { port } = new URL(url)
  for (let begun = 0; begun < count; begun += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - begun) }, () => {
      const socket = connect(Number(port), '127.0.0.1')
      open.add(socket)
      return new Promise<void>((resolve) => {
        socket.on('error', () => undefined)
        socket.once('close', () => {
          open.delete(socket)
          resolve()
        })
        if (hello === '') socket.once('connect', () => resolve())
        else socket.write(hello)
        socket.on('data', () => resolve())
      })
    })
    // oxlint-disable-next-line no-await-in-loop -- batch by batch
    await Promise.all(batch)
  }
  return open
}

function release(sockets: Iterable<Socket>): void {
  for (const socket of sockets) socket.destroy()
}

function pause(ms: number): Promise<void> {
  // oxlint-disable-next-line no-restricted-globals -- a bench waits for a real process
  return new Promise((resolve) => void setTimeout(resolve, ms))
}

function row(name: string, { rate, p50, p99, cpu, failures }: Honest): string {
  return `| ${name} | ${rate.toFixed(0)} | ${p50} | ${p99} | ${cpu.toFixed(0)} | ${failures} |`
}

const folder = mkdtempSync(join(tmpdir(), 'lumos-bench-'))
try {
  const node = await startNode(folder)
  await askHonestly(node)
  const rows = [row('nothing else', await askHonestly(node))]
  const places = LIMITS.gatewayConnections.value
  const hello = `GET /agents HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${node.token}\r\n\r\n`
  const notes: string[] = []
  for (const [name, said] of [
    ['by which nothing is said', ''],
    ['by which somebody has come in', hello]
  ] as const) {
    await pause(2000)
    const before = node.memory()
    const held = await hold(node, places - HONEST, said)
    await pause(1000)
    const each = (node.memory() - before) / held.size / 1024
    notes.push(`${held.size} connections ${name}: ${each.toFixed(1)} KiB each`)
    rows.push(row(`${held.size} ${name}`, await askHonestly(node)))
    const more = await hold(node, MANY - places + HONEST, said)
    rows.push(row(`${MANY} begun ${name}`, await askHonestly(node)))
    notes.push(`of ${MANY} begun ${name}, ${held.size + more.size} were held`)
    release([...held, ...more])
  }
  await pause(2000)
  rows.push(row('nothing else again', await askHonestly(node)))
  console.log(`load ${loadavg()[0]?.toFixed(1)}, ${HONEST} honest connections, ${places} places`)
  console.log('| beside them | requests/s | p50 ms | p99 ms | CPU µs each | failed |')
  console.log('|---|---|---|---|---|---|')
  console.log(rows.join('\n'))
  console.log(notes.join('\n'))
} finally {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}
