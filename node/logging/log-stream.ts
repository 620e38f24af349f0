/** The log on a stream (stderr): JSON for machines, one aligned line an event for people. */
import type { Writable } from 'node:stream'
import { styleText } from 'node:util'
import type { LogLine } from '../../client/api.ts'
import { LIMITS } from '../../core/limits.ts'
import type { LogSink } from './log-sink.ts'

export interface LogStreamInit {
  readonly format: 'pretty' | 'json'
  readonly colours: boolean
}

const COLOURS = {
  trace: 'gray',
  debug: 'gray',
  info: 'cyan',
  warn: 'yellow',
  error: 'red',
  fatal: 'red'
} as const satisfies Record<LogLine['level'], Parameters<typeof styleText>[0]>

/** A reader that goes away (`| head`) or does not read ends the output, not the node. */
export function createLogStream(
  { stream }: { readonly stream: Writable },
  { format, colours }: LogStreamInit
): LogSink {
  let usable = true
  const stop = (): void => {
    usable = false
  }
  stream.on('error', stop)
  return {
    write(line) {
      if (!usable || stream.writableLength > LIMITS.logStreamBytes.value) return
      stream.write(format === 'json' ? line : prettyLine(line, colours))
    },
    flush() {},
    close() {
      // The listener stays: a late EPIPE without one would end the process.
      stop()
    }
  }
}

function prettyLine(line: string, colours: boolean): string {
  const { time, level, component, message, fields }: LogLine = JSON.parse(line)
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    colours ? styleText(style, text, { validateStream: false }) : text
  const facts = Object.entries(fields).map(
    ([key, value]) => ` ${paint('dim', `${key}=`)}${readable(value)}`
  )
  return [
    paint('dim', time.slice(11, 23)),
    paint(COLOURS[level], level.padEnd(5)),
    paint('dim', component.padEnd(10)),
    `${message}${facts.join('')}\n`
  ].join(' ')
}

function readable(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
}
