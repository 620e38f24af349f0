/** One line of the log, for eyes. */
import type { LogLine } from '../client/api.ts'
import type { Style } from './style.ts'
import { oneLine, padEnd } from './width.ts'

/** `14:02:07.113 warn  discovery  message  key=value`; outside a terminal with the whole date. */
export function renderLogLine(line: LogLine, style: Style, brief: boolean): string {
  const { time, level, component, message, fields } = line
  const paint = new Map([
    ['warn', style.doubtful],
    ['error', style.bad],
    ['fatal', style.bad]
  ]).get(level)
  const rest = Object.entries(fields).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    const plain = text.includes('"') || !/\s/.test(text)
    return style.faint(`${name}=${oneLine(plain ? text : `"${text}"`)}`)
  })
  const clock = brief ? localTime(time) : time
  const word = padEnd(level, 5)
  return [
    style.faint(clock),
    paint === undefined ? word : paint(word),
    style.accent(oneLine(component)),
    oneLine(message),
    ...rest
  ]
    .filter((part) => part !== '')
    .join(' ')
}

function localTime(iso: string): string {
  const moment = new Date(iso)
  const parts = [moment.getHours(), moment.getMinutes(), moment.getSeconds()].map((part) =>
    String(part).padStart(2, '0')
  )
  return `${parts.join(':')}.${String(moment.getMilliseconds()).padStart(3, '0')}`
}
