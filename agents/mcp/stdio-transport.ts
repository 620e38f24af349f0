/**
 * MCP over the standard streams of a child process.
 *
 * Not the SDK's own: that one hands on six variables, waits longer for a stop than a node may, and
 * leaves behind what the program itself started.
 */
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client'
import type { Logger } from '../../core/logger.ts'
import { LIMITS } from '../../core/limits.ts'
import type { TokenBucket } from '../../core/token-bucket.ts'
import { cleanText } from './clean-text.ts'
import type { ProcessEnd, ProcessGroup } from './process-group.ts'

export interface StdioTransport extends Transport {
  readonly pid: number | undefined
  /** Resolves with the reason when the process is gone, or is being ended for what it sent. */
  readonly ended: Promise<string>
}

export interface StdioTransportComponents {
  readonly logger: Logger
  readonly group: ProcessGroup
  /** Holds lines of stderr to a rate. */
  readonly lines: TokenBucket
  /** From the SDK, which is loaded when the first server is. */
  readonly parse: (line: string) => JSONRPCMessage
  readonly serialize: (message: JSONRPCMessage) => string
}

const NEWLINE = 0x0a

export function createStdioTransport({
  logger,
  group,
  lines,
  parse,
  serialize
}: StdioTransportComponents): StdioTransport {
  const { streams } = group
  const ended = Promise.withResolvers<string>()
  const limit = LIMITS.mcpMessageBytes.value
  let closing: Promise<void> | undefined

  function close(): Promise<void> {
    closing ??= group.stop()
    return closing
  }

  function tooLong(): void {
    ended.resolve(`it sent more than ${limit} bytes without an end`)
    void close()
  }

  function receive(line: string): void {
    if (line.trim() === '') return
    try {
      transport.onmessage?.(parse(line))
    } catch (error) {
      // Many servers print a greeting to stdout; only what is JSON-RPC is meant for us.
      transport.onerror?.(error instanceof Error ? error : new Error(String(error)))
    }
  }

  async function tellEnd(): Promise<void> {
    ended.resolve(reasonOf(await group.gone))
    transport.onclose?.()
  }

  const transport: StdioTransport = {
    pid: group.pid,
    ended: ended.promise,
    async start() {
      streams?.stdout.on('data', lineReader({ limit, line: receive, tooLong }))
      streams?.stderr.on('data', stderrReader(logger, lines))
      void tellEnd()
    },
    async send(message) {
      const { stdin } = streams ?? {}
      if ((stdin?.writableLength ?? 0) > limit) throw new Error('it does not read what it is sent')
      stdin?.write(serialize(message))
    },
    close
  }
  return transport
}

interface LineReaderInit {
  /** Bytes of one line. */
  readonly limit: number
  readonly line: (text: string) => void
  readonly tooLong: () => void
}

function lineReader({ limit, line, tooLong }: LineReaderInit): (chunk: Buffer) => void {
  let kept: Buffer[] = []
  let bytes = 0
  return (chunk) => {
    let rest = chunk
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      line(Buffer.concat([...kept, rest.subarray(0, end)]).toString('utf8'))
      kept = []
      bytes = 0
      rest = rest.subarray(end + 1)
    }
    bytes += rest.length
    kept.push(rest)
    if (bytes <= limit) return
    kept = []
    bytes = 0
    tooLong()
  }
}

function stderrReader(logger: Logger, bucket: TokenBucket): (chunk: Buffer) => void {
  const most = LIMITS.logTextBytes.value
  const say = (text: string): void => {
    const clean = cleanText(text, most).trimEnd()
    if (clean !== '' && bucket.take(1)) logger.info(clean)
  }
  // A line that is too long is cut: what follows up to its end is said as one of its own.
  let start = ''
  return (chunk) => {
    const [first = '', ...others] = chunk.toString('utf8').split('\n')
    start += first
    for (const next of others) {
      say(start)
      start = next
    }
    if (start.length <= most) return
    say(start)
    start = ''
  }
}

function reasonOf({ code, signal, error }: ProcessEnd): string {
  if (error !== undefined) {
    const missing = 'code' in error && error.code === 'ENOENT'
    return missing ? 'its command, or the folder it is to run in, is not there' : error.message
  }
  return signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`
}
