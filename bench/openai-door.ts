/**
 * The door for OpenAI clients: chat completions of an agent of the node itself, each a task on disk, against the A2A
 * door of the same node and against a bare `node:http` server that only parses and answers.
 *
 * Run: `node bench/openai-door.ts`. One light client for all (`node:http`, connections kept), 256 bytes there and
 * back, 128 in flight. The CPU is that of the server's process, so that what the door itself costs is the difference
 * between the two doors.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const IN_FLIGHT = 128
const CALLS = 4000
const WARM_UP = 3000
const ROUNDS = 3
const TEXT = 'x'.repeat(256)
/** Linux counts CPU time in hundredths of a second. */
const TICK_MS = 10
const children: ChildProcess[] = []

interface Door {
  readonly name: string
  readonly url: string
  readonly token: string
  readonly pid: number
  readonly body: () => object
  /** What an answer that is right has in it. */
  readonly sign: string
}

interface Figure {
  /** Answers a second. */
  readonly rate: number
  /** CPU time of the server for one. */
  readonly cpuMs: number
}

async function startServer(
  script: string,
  args: readonly string[] = []
): Promise<{ readonly line: string; readonly pid: number }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  children.push(child)
  for await (const line of createInterface({ input: child.stdout })) {
    return { line, pid: child.pid ?? 0 }
  }
  throw new Error(`${script} ended`)
}

/** Of a process so far, all its threads together. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

function call(door: Door, agent: Agent): Promise<void> {
  const body = JSON.stringify(door.body())
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      authorization: `Bearer ${door.token}`
    }
    const asked = request(door.url, { agent, method: 'POST', headers }, (answer) => {
      let whole = ''
      answer.setEncoding('utf8').on('data', (piece: string) => (whole += piece))
      answer.on('end', () => {
        if (whole.includes(door.sign)) resolve()
        else reject(new Error(whole.slice(0, 512)))
      })
    })
    asked.on('error', reject).end(body)
  })
}

/** With connections of its own: a server ends those that were quiet while others were measured. */
async function measure(door: Door, count: number): Promise<Figure> {
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT })
  let left = count
  const [begin, used] = [performance.now(), cpuMs(door.pid)]
  async function worker(): Promise<void> {
    while (left > 0) {
      left -= 1
      await call(door, agent)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  agent.destroy()
  return {
    rate: (count / (performance.now() - begin)) * 1000,
    cpuMs: (cpuMs(door.pid) - used) / count
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

const chat = (): object => ({
  model: 'local-echo',
  messages: [{ role: 'user', content: TEXT }]
})

const message = (): object => ({
  message: { messageId: crypto.randomUUID(), role: 'ROLE_USER', parts: [{ text: TEXT }] }
})

const rpc = (): object => ({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params: message() })

const folder = mkdtempSync(join(tmpdir(), 'lumos-bench-'))
try {
  const bare = await startServer('openai/bare-server.ts')
  const swarmKey = randomBytes(32).toString('hex')
  const node = await startServer('a2a/http-gateway.ts', [join(folder, 'node'), swarmKey])
  const [url = '', token = ''] = node.line.split(' ')
  const completed = 'TASK_STATE_COMPLETED'
  const path = '/v1/chat/completions'
  const doors: Door[] = [
    { name: 'bare `node:http`', url: bare.line, token, pid: bare.pid, body: chat, sign: TEXT },
    {
      name: 'A2A, SendMessage',
      url: `${url}/agents/local-echo`,
      token,
      pid: node.pid,
      body: rpc,
      sign: completed
    },
    { name: 'chat completions', url: url + path, token, pid: node.pid, body: chat, sign: TEXT },
    {
      name: 'chat completions, streamed',
      url: url + path,
      token,
      pid: node.pid,
      body: () => ({ ...chat(), stream: true }),
      sign: '[DONE]'
    }
  ]
  for (const door of doors) await measure(door, WARM_UP)
  const figures = new Map(doors.map((door) => [door, [] as Figure[]]))
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const door of doors) figures.get(door)?.push(await measure(door, CALLS))
  }
  const load = loadavg()[0]?.toFixed(1)
  console.log(`load ${load}, ${IN_FLIGHT} in flight, median of ${ROUNDS} rounds`)
  console.log('| what | answers/s | against A2A | CPU of the server, ms each |\n|---|---|---|---|')
  const [, a2a] = figures.values()
  const base = median(a2a?.map(({ rate }) => rate) ?? [])
  for (const [{ name }, values] of figures) {
    const rate = median(values.map((each) => each.rate))
    const cpu = median(values.map((each) => each.cpuMs))
    const ratio = (rate / base).toFixed(2)
    console.log(`| ${name} | ${rate.toFixed(0)} | ${ratio} × | ${cpu.toFixed(3)} |`)
  }
} finally {
  for (const child of children) child.kill()
  rmSync(folder, { recursive: true, force: true })
}
