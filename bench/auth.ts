/**
 * What it costs a node to know who comes in over HTTP: JWTs against its own tokens, at the same door in the same run.
 *
 * Run: `node bench/auth.ts`. SendMessage over JSON-RPC with 256 bytes to an agent of the node itself, tasks in
 * memory (what is on disk costs more, and hides what is measured), 64 in flight. JWTs are signed with ES256 and
 * about 500 bytes long: one that is known, as all calls of a client but its first have, and ones that are new.
 * The figure is the CPU of the node's process, which says something on a busy machine, too.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

const IN_FLIGHT = 64
const CALLS = 400
const ROUNDS = 5
const WARM_UP = 1000
const ISSUER = 'https://issuer.example/realms/bench'

const { publicKey, privateKey } = await generateKeyPair('ES256')
const folder = mkdtempSync(join(tmpdir(), 'lumos-bench-'))
const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT })

function sign(subject: string): Promise<string> {
  return new SignJWT({ scope: 'openid task/send', azp: 'bench', name: 'A User Of The Issuer' })
    .setProtectedHeader({ alg: 'ES256', kid: 'bench', typ: 'at+jwt' })
    .setIssuer(ISSUER)
    .setAudience('lumos')
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey)
}

function call(url: string, bearer: string): Promise<void> {
  const parts = [{ text: 'x'.repeat(256) }]
  const message = { messageId: crypto.randomUUID(), role: 'ROLE_USER', parts }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params: { message } })
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'a2a-version': '1.0',
    authorization: `Bearer ${bearer}`
  }
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, method: 'POST', headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
      answer.on('end', () => {
        if (text.includes('TASK_STATE_COMPLETED')) resolve()
        else reject(new Error(text.slice(0, 512)))
      })
    })
    asked.on('error', reject).end(body)
  })
}

async function calls(url: string, count: number, bearers: () => string): Promise<void> {
  let left = count
  async function worker(): Promise<void> {
    while (left > 0) {
      left -= 1
      await call(url, bearers())
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

const jwk = { ...(await exportJWK(publicKey)), kid: 'bench' }
const keys = join(folder, 'keys.json')
writeFileSync(keys, JSON.stringify({ keys: [jwk] }))
const scripts = join(import.meta.dirname, 'a2a')
const tellCpu = ['--import', join(scripts, 'tell-cpu.mjs')]
const home = [join(folder, 'home'), randomBytes(32).toString('hex')]
const args = [...home, '', 'memory', ISSUER, keys]
const script = join(scripts, 'http-gateway.ts')
const node = spawn(process.execPath, [...tellCpu, script, ...args], {
  stdio: ['ignore', 'pipe', 'inherit', 'ipc']
})

function cpu(): Promise<number> {
  return new Promise((resolve) => {
    node.once('message', (microseconds) => resolve(Number(microseconds)))
    node.send('cpu')
  })
}

async function firstLine(): Promise<string> {
  if (node.stdout === null) throw new Error('no output')
  for await (const line of createInterface({ input: node.stdout })) return line
  throw new Error('the node ended')
}

try {
  const [base = '', token = ''] = (await firstLine()).split(' ')
  const url = `${base}/agents/local-echo`
  const known = await sign('known')
  const fresh = await Promise.all(
    Array.from({ length: CALLS * ROUNDS }, (_, index) => sign(`user-${index}`))
  )
  const kinds = new Map([
    ['token of the node', () => token],
    ['JWT, known', () => known],
    ['JWT, new each time', () => fresh.pop() ?? '']
  ])
  await calls(url, WARM_UP, () => token)
  await calls(url, WARM_UP, () => known)
  const figures = new Map(Array.from(kinds.keys(), (kind) => [kind, [] as number[]]))
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [kind, bearers] of kinds) {
      const before = await cpu()
      await calls(url, CALLS, bearers)
      figures.get(kind)?.push(((await cpu()) - before) / CALLS)
    }
  }
  console.log(
    `load ${loadavg()[0]?.toFixed(1)}, ${IN_FLIGHT} in flight, median of ${ROUNDS} rounds`
  )
  console.log('| shown | CPU of the node, µs a task | against a token |\n|---|---|---|')
  const ours = figures.get('token of the node') ?? []
  for (const [kind, values] of figures) {
    // Of rounds that follow each other: the node gets slower and faster in the course of a run.
    const ratio = median(values.map((value, round) => value / (ours[round] ?? Number.NaN)))
    console.log(`| ${kind} | ${median(values).toFixed(0)} | ${ratio.toFixed(3)} × |`)
  }
} finally {
  agent.destroy()
  node.kill()
  rmSync(folder, { recursive: true, force: true })
}
