/**
 * Calls over one session, against a new libp2p stream for each call and against node:http with
 * keep-alive; then how small calls fare while 100 MB pass through the same session.
 *
 * Two processes on loopback, all systems in one run, rounds interleaved, medians: other work on
 * the machine hits every system alike, so that the ratios mean something.
 *
 *     node bench/session.ts
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import http from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { generateKey, preSharedKey } from '@libp2p/pnet'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { systemClock } from '../core/clock.ts'
import { silentLogger } from '../core/logger.ts'
import { LIMITS } from '../core/limits.ts'
import { systemRandom } from '../core/random.ts'
import { createStreamHost } from '../protocols/frames/host.ts'
import type { Session, Sessions } from '../protocols/session/session.ts'
import { createSessions } from '../protocols/session/sessions.ts'

const BODY_BYTES = 256
const IN_FLIGHT = [1, 16, 128] as const
const ROUNDS = 5
const ROUND_MS = 1000
const STREAM_PROTOCOL = '/bench/echo/1.0.0'
const BULK_BYTES = 100 * 1000 * 1000
const BULK_MESSAGE_BYTES = 1000 * 1000

interface Address {
  readonly libp2p: string
  readonly httpPort: number
}

type Call = () => Promise<unknown>

interface Measured {
  readonly perSecond: number
  readonly p50: number
  readonly p95: number
}

/** The libp2p part of a Lumos node that calls pass through: pnet, noise, yamux over TCP. */
async function createNode(psk: Uint8Array): Promise<{ libp2p: Libp2p; sessions: Sessions }> {
  const libp2p = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionProtector: preSharedKey({ psk }),
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        // A new stream per call would run into the usual limit of 128.
        maxInboundStreams: 10_000,
        maxOutboundStreams: 10_000,
        streamOptions: {
          initialStreamWindowSize: 256 * 1024,
          maxStreamWindowSize: 1024 * 1024,
          maxReadBufferLength: 4 * 1024 * 1024,
          maxWriteBufferLength: 4 * 1024 * 1024
        }
      })
    ]
  })
  const unlimited = {
    callRate: Number.MAX_SAFE_INTEGER,
    callBurst: Number.MAX_SAFE_INTEGER,
    requestRate: Number.MAX_SAFE_INTEGER,
    requestBurst: Number.MAX_SAFE_INTEGER,
    callsPerPeer: LIMITS.callsPerPeer.value
  }
  const sessions = createSessions(
    {
      clock: systemClock,
      logger: silentLogger,
      random: systemRandom,
      host: createStreamHost({ clock: systemClock, libp2p }),
      permit: () => undefined,
      hello: () => ({ swarm: 'bench', name: 'bench', version: '0', fields: {} })
    },
    // How fast it is, not how much a peer may have.
    { allowance: { of: () => unlimited, heldBytes: 2 ** 30 } }
  )
  return { libp2p, sessions }
}

async function serve(psk: Uint8Array): Promise<void> {
  const { libp2p, sessions } = await createNode(psk)
  sessions.methods.request('echo', (body) => body)
  sessions.methods.stream('bulk', async function* () {
    const message = new Uint8Array(BULK_MESSAGE_BYTES)
    for (let sent = 0; sent < BULK_BYTES; sent += message.length) yield message
  })
  await sessions.start()
  await libp2p.handle(
    STREAM_PROTOCOL,
    (stream) => {
      stream.addEventListener('message', ({ data }) => {
        stream.send(data)
        void stream.close()
      })
    },
    { maxInboundStreams: 10_000, maxOutboundStreams: 10_000 }
  )
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => response.end(Buffer.concat(chunks)))
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    console.log(`${String(libp2p.getMultiaddrs()[0])} ${port}`)
  })
}

function sessionCall(session: Session): Call {
  const body = new Uint8Array(BODY_BYTES)
  return () => session.request('echo', body)
}

function streamCall(connection: Connection): Call {
  const body = new Uint8Array(BODY_BYTES)
  return async () => {
    const stream = await connection.newStream(STREAM_PROTOCOL, { maxOutboundStreams: 10_000 })
    const reply = replyOf(stream)
    stream.send(body)
    await reply
    await stream.close()
  }
}

function replyOf(stream: Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    let bytes = 0
    stream.addEventListener('message', ({ data }) => {
      bytes += data.byteLength
      if (bytes === BODY_BYTES) resolve()
    })
    stream.addEventListener('close', () => reject(new Error('closed before the reply')))
  })
}

function httpCall(port: number): Call {
  const body = Buffer.alloc(BODY_BYTES)
  const agent = new http.Agent({ keepAlive: true, maxSockets: 128 })
  return () =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/octet-stream', 'content-length': BODY_BYTES }
      const options = { host: '127.0.0.1', port, method: 'POST', agent, headers }
      const request = http.request(options, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve(Buffer.concat(chunks)))
      })
      request.on('error', reject)
      request.end(body)
    })
}

async function round(call: Call, inFlight: number, ms: number): Promise<Measured> {
  const latencies: number[] = []
  const begin = performance.now()
  const end = begin + ms
  const worker = async (): Promise<void> => {
    for (let now = performance.now(); now < end;) {
      await call()
      const after = performance.now()
      latencies.push(after - now)
      now = after
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  const seconds = (performance.now() - begin) / 1000
  return { perSecond: latencies.length / seconds, ...percentiles(latencies) }
}

function percentiles(values: readonly number[]): { p50: number; p95: number } {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
  return { p50: at(0.5), p95: at(0.95) }
}

/** Each figure's median over the rounds. */
function median(rounds: readonly Measured[]): Measured {
  const of = (pick: (round: Measured) => number): number => percentiles(rounds.map(pick)).p50
  return {
    perSecond: of(({ perSecond }) => perSecond),
    p50: of(({ p50 }) => p50),
    p95: of(({ p95 }) => p95)
  }
}

async function compare(systems: Readonly<Record<string, Call>>): Promise<void> {
  console.log('| in flight | system | calls/s | p50 ms | p95 ms | session is |')
  console.log('|---|---|---|---|---|---|')
  for (const call of Object.values(systems)) await round(call, 16, ROUND_MS)
  for (const inFlight of IN_FLIGHT) {
    const results = new Map<string, Measured[]>()
    for (let index = 0; index < ROUNDS; index++) {
      for (const [name, call] of Object.entries(systems)) {
        results.set(name, [...(results.get(name) ?? []), await round(call, inFlight, ROUND_MS)])
      }
    }
    const session = median(results.get('session') ?? [])
    for (const [name, rounds] of results) {
      const { perSecond, p50, p95 } = median(rounds)
      const ratio = name === 'session' ? '' : `${(session.perSecond / perSecond).toFixed(1)} ×`
      console.log(
        `| ${inFlight} | ${name} | ${perSecond.toFixed(0)} | ${p50.toFixed(2)} | ${p95.toFixed(2)} | ${ratio} |`
      )
    }
  }
}

async function bulk(session: Session): Promise<void> {
  const idle = await round(sessionCall(session), 1, ROUND_MS)
  const latencies: number[] = []
  const done = new AbortController()
  const call = sessionCall(session)
  const small = (async () => {
    while (!done.signal.aborted) {
      const begin = performance.now()
      await call()
      latencies.push(performance.now() - begin)
    }
  })()
  const begin = performance.now()
  let bytes = 0
  for await (const message of session.stream('bulk', new Uint8Array(), { timeoutMs: Infinity })) {
    bytes += message.length
  }
  const seconds = (performance.now() - begin) / 1000
  done.abort()
  await small
  const busy = percentiles(latencies)
  console.log()
  console.log('| small calls, one at a time | calls | p50 ms | p95 ms | beside them MB/s |')
  console.log('|---|---|---|---|---|')
  console.log(`| alone | | ${idle.p50.toFixed(2)} | ${idle.p95.toFixed(2)} | |`)
  console.log(
    `| during ${bytes / 1e6} MB | ${latencies.length} | ${busy.p50.toFixed(2)} | ${busy.p95.toFixed(2)} | ${(bytes / 1e6 / seconds).toFixed(1)} |`
  )
}

async function spawnServer(key: string): Promise<{ child: ChildProcess; address: Address }> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), 'serve', key], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const [peer = '', port] = line.split(' ')
    return { child, address: { libp2p: peer, httpPort: Number(port) } }
  }
  throw new Error('the server ended before it listened')
}

async function main(): Promise<void> {
  const psk = new Uint8Array(95)
  generateKey(psk)
  const { child, address } = await spawnServer(Buffer.from(psk).toString('base64'))
  const { libp2p, sessions } = await createNode(psk)
  try {
    await sessions.start()
    const connection = await libp2p.dial(multiaddr(address.libp2p))
    const session = await sessions.connect(connection.remotePeer.toString())
    await compare({
      session: sessionCall(session),
      'node:http keep-alive': httpCall(address.httpPort),
      'new stream per call': streamCall(connection)
    })
    await bulk(session)
  } finally {
    await sessions.stop()
    await libp2p.stop()
    child.kill()
  }
}

const [, , role, key = ''] = process.argv
if (role === 'serve') await serve(Buffer.from(key, 'base64'))
else await main()
