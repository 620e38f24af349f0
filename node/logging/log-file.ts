/** The log on disk: bounded, private, and never a reason for the node to fail. */
import { closeSync, constants, fstatSync, openSync, renameSync, writeSync } from 'node:fs'
import { LIMITS } from '../../core/limits.ts'
import type { Clock } from '../../core/clock.ts'
import { errnoText } from '../../storage/private-directory.ts'
import type { LogSink } from './log-sink.ts'

export interface LogFileInit {
  readonly path: string
  /** Default LIMITS.logFileBytes. One older file of that size is kept beside it. */
  readonly maxBytes?: number
}

/**
 * Lines of one turn of the event loop are written together, synchronously: they are on their way
 * to the disk before anything that follows can crash. When the disk is full lines are lost, and
 * counted in the first line that fits again.
 */
export function createLogFile(
  { clock }: { readonly clock: Clock },
  { path, maxBytes = LIMITS.logFileBytes.value }: LogFileInit
): LogSink {
  const file = createRotatingFile(path, maxBytes)
  let buffer: string[] = []
  let scheduled: NodeJS.Immediate | undefined
  let lost = { lines: 0, reason: '' }

  function lostLine(): string {
    if (lost.lines === 0) return ''
    const time = new Date(clock.now()).toISOString()
    const [level, component, message] = ['warn', 'log', 'log lines lost']
    return `${JSON.stringify({ level, time, component, fields: lost, message })}\n`
  }

  function flush(): void {
    if (scheduled !== undefined) clearImmediate(scheduled)
    scheduled = undefined
    const lines = buffer
    if (lines.length === 0) return
    buffer = []
    try {
      file.append(lostLine() + lines.join(''))
      lost = { lines: 0, reason: '' }
    } catch (error) {
      lost = { lines: lost.lines + lines.length, reason: errnoText(error) }
      // A new descriptor next time: the folder may have been moved, or mounted anew.
      file.close()
    }
  }

  return {
    write(line) {
      buffer.push(line)
      scheduled ??= setImmediate(flush)
    },
    flush,
    close() {
      flush()
      file.close()
    }
  }
}

/** NOFOLLOW: whoever can plant a link could otherwise have us append to any file of this user. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW

interface RotatingFile {
  append(text: string): void
  /** The next `append` opens it again. */
  close(): void
}

function createRotatingFile(path: string, maxBytes: number): RotatingFile {
  let file: { readonly fd: number; bytes: number } | undefined
  /** True when the last write broke off within a line. */
  let torn = false

  function open(): { readonly fd: number; bytes: number } {
    if (file !== undefined) return file
    const fd = openSync(path, FLAGS, 0o600)
    file = { fd, bytes: fstatSync(fd).size }
    return file
  }

  function close(): void {
    if (file !== undefined) closeSync(file.fd)
    file = undefined
  }

  return {
    append(text) {
      const data = Buffer.from(torn ? `\n${text}` : text)
      if (open().bytes > 0 && open().bytes + data.length > maxBytes) {
        close()
        renameSync(path, olderLog(path))
      }
      const target = open()
      for (let sent = 0; sent < data.length;) {
        const written = writeSync(target.fd, data, sent)
        sent += written
        target.bytes += written
        torn = sent < data.length
      }
    },
    close
  }
}

/** Where the lines before those in `path` are: `log.ndjson` has `log.1.ndjson`. */
export function olderLog(path: string): string {
  return path.replace(/(\.[^./]+)?$/, '.1$1')
}
