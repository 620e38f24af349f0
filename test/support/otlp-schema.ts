/** Holds the JSON of OTLP to the official definitions: opentelemetry-proto, as it is published. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '../fixtures/opentelemetry-proto')
const FILES = ['trace_service', 'trace', 'common', 'resource']

interface Field {
  readonly type: string
  readonly repeated: boolean
}

type Message = ReadonlyMap<string, Field>

const MESSAGES = readMessages()

/** What is wrong with a request to `/v1/traces`, by place; empty when it is what a collector takes. */
export function otlpFlaws(request: unknown): readonly string[] {
  return flawsOf(request, 'ExportTraceServiceRequest', 'request')
}

function readMessages(): ReadonlyMap<string, Message> {
  const messages = new Map<string, Map<string, Field>>()
  const open: string[] = []
  for (const file of FILES) {
    const text = readFileSync(join(FOLDER, `${file}.proto`), 'utf8')
    for (const line of text.replaceAll(/\/\/.*/g, '').split('\n')) {
      const begun = /^\s*(message|enum|oneof|service)\s+(\w+)\s*\{/.exec(line)
      // Fields of a `oneof` are those of its message.
      if (begun !== null) open.push(begun[1] === 'oneof' ? (open.at(-1) ?? '') : (begun[2] ?? ''))
      const message = open.at(-1) ?? ''
      const field = /^\s*(repeated\s+)?([\w.]+)\s+(\w+)\s*=\s*\d+/.exec(line)
      if (field !== null && message !== '') {
        const fields = messages.get(message) ?? new Map<string, Field>()
        const name = (field[3] ?? '').replaceAll(/_(\w)/g, (_, letter: string) =>
          letter.toUpperCase()
        )
        fields.set(name, {
          type: (field[2] ?? '').split('.').at(-1) ?? '',
          repeated: field[1] !== undefined
        })
        messages.set(message, fields)
      }
      if (/^\s*\}/.test(line)) open.pop()
    }
  }
  return messages
}

function flawsOf(value: unknown, type: string, place: string): string[] {
  const message = MESSAGES.get(type)
  if (message === undefined) return isScalar(value, type, place) ? [] : [`${place}: no ${type}`]
  if (typeof value !== 'object' || value === null) return [`${place}: no ${type}`]
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
    const field = message.get(name)
    const at = `${place}.${name}`
    if (field === undefined) return [`${at}: ${type} has no such field`]
    if (!field.repeated) return flawsOf(inner, field.type, at)
    if (!Array.isArray(inner)) return [`${at}: no list`]
    return inner.flatMap((one, index) => flawsOf(one, field.type, `${at}.${index}`))
  })
}

/** As the JSON of protobuf has them; ids are hexadecimal in OTLP, and enums are numbers. */
function isScalar(value: unknown, type: string, place: string): boolean {
  const text = typeof value === 'string' ? value : ''
  if (type === 'string') return typeof value === 'string'
  if (type === 'bool') return typeof value === 'boolean'
  if (type === 'bytes')
    return (place.endsWith('traceId') ? /^[0-9a-f]{32}$/ : /^[0-9a-f]{16}$/).test(text)
  // A number or its digits: protobuf takes both.
  if (type.endsWith('64')) return Number.isSafeInteger(value) || /^\d+$/.test(text)
  return typeof value === 'number'
}
