/**
 * How long `lumos doctor` takes, whatever is the matter: the command as people type it, against a real node.
 *
 * Run: `node bench/doctor.ts [rounds]`. All faults are there at the same time; each is also asked for alone.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { DoctorReport } from '../client/doctor-api.ts'
import { createDoctorNode } from '../test/support/doctor-subject.ts'
import { createLumos } from '../test/support/lumos.ts'

const ROUNDS = Number(process.argv[2] ?? 5)
const KEY = '0123456789abcdef'.repeat(4)
const OTHER_KEY = 'fedcba9876543210'.repeat(4)
/** Until a node that was started has met the others. */
const MEET_MS = 2000
const MODELS = `models:
  detect: false
  providers:
    silent: { baseUrl: 'http://127.0.0.1:PORT/v1' }
`

const folder = await mkdtemp(join(tmpdir(), 'lumos-bench-'))
const env = { LUMOS_SWARM_KEY: KEY }
const asker = createLumos({ home: join(folder, 'asker'), env })
const frozen = createLumos({ home: join(folder, 'frozen'), env })
const flags = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-same-host']

const silent = createServer(() => undefined)
await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done))
const place = silent.address()
const port = typeof place === 'object' ? (place?.port ?? 0) : 0

const friend = await createDoctorNode({ name: 'friend', key: KEY })
const stranger = await createDoctorNode({ name: 'stranger', key: OTHER_KEY })
const open = await createDoctorNode({ name: 'open', swarm: { open: true } })
const late = await createDoctorNode({ name: 'late', key: KEY, clockOff: -600_000 })
const { addresses, pid } = await frozen.daemon(['daemon', '--name', 'frozen', ...flags])
await mkdir(join(folder, 'asker'), { recursive: true, mode: 0o700 })
await writeFile(join(folder, 'asker/config.yaml'), MODELS.replace('PORT', String(port)))

const PEERS: Readonly<Record<string, string>> = {
  'nothing, a connected peer': friend.address,
  'wrong swarm key': stranger.address,
  'other swarm (open)': open.address,
  'connection refused': '/ip4/127.0.0.1/tcp/9',
  'clock 10 minutes off': late.address,
  'hung peer: accepts, never answers': `/ip4/127.0.0.1/tcp/${port}`,
  'hung peer: stopped by SIGSTOP': addresses[0] ?? ''
}

async function ask(args: readonly string[]): Promise<{ tookMs: number; codes: string }> {
  const begun = performance.now()
  const { stdout } = await asker.run(['doctor', '--json', ...args])
  const tookMs = performance.now() - begun
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what this repository's own command prints
  const { checks } = JSON.parse(stdout) as DoctorReport
  const codes = new Set(checks.flatMap(({ state, code }) => (state === 'ok' ? [] : [code ?? '?'])))
  return { tookMs, codes: [...codes].join(', ') }
}

async function row(name: string, args: readonly string[]): Promise<void> {
  const times: number[] = []
  let codes = ''
  for (let round = 0; round < ROUNDS; round += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other is what is measured
    const answer = await ask(args)
    times.push(answer.tookMs)
    codes = answer.codes
  }
  const sorted = times.toSorted((a, b) => a - b)
  const shown = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)].map(
    (ms) => `${Math.round(ms ?? 0)} ms`
  )
  process.stdout.write(`| ${name} | ${shown.join(' | ')} | ${codes || 'all is well'} |\n`)
}

try {
  const bootstrap = Object.values(PEERS).flatMap((address) => ['--bootstrap', address])
  await asker.daemon(['daemon', '--name', 'asker', ...flags, ...bootstrap])
  await delay(MEET_MS)
  process.kill(pid, 'SIGSTOP')
  const model = cpus()[0]?.model ?? ''
  process.stdout.write(
    `${model}, ${cpus().length} CPUs, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}\n\n`
  )
  process.stdout.write(
    '| what is the matter | median | worst | what is said |\n|---|---|---|---|\n'
  )
  for (const [name, address] of Object.entries(PEERS)) {
    // oxlint-disable-next-line no-await-in-loop -- as above
    await row(`\`--peer\`: ${name}`, ['--peer', address])
  }
  await row('`lumos doctor`: all of it at once, and a model server that hangs', [])
} finally {
  process.kill(pid, 'SIGCONT')
  await Promise.all([asker.kill('SIGKILL'), frozen.kill('SIGKILL')])
  await Promise.all([friend, stranger, open, late].map((node) => node.stop()))
  silent.close()
  silent.unref()
  await rm(folder, { recursive: true, force: true })
}
process.exit()
