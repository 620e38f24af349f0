/** What somebody asks the clock, from plain words. */

export interface TimeOfDay {
  readonly hour: number
  readonly minute: number
}

export interface CalendarDate {
  readonly year: number
  readonly month: number
  readonly day: number
}

export interface Moment {
  readonly time: TimeOfDay
  /** Without it: today, where the clock shows `time`. */
  readonly date?: CalendarDate
}

export interface ClockQuestion {
  /** Without it: now. */
  readonly moment?: Moment
  /** Where `moment` is; empty for the node's own zone. */
  readonly source: string
  /** Where the time is wanted, as written; none for the node's own zone. */
  readonly targets: readonly string[]
}

const LEADING =
  /^(?:please\s+)?(?:(?:what(?:'s|’s| is)?|tell me|show(?: me)?|give me|convert)\b\s*)?(?:(?:the|is)\s+)*(?:(?:current|local)\s+)?(?:(?:time|date|clock)\b\s*)?(?:is it\b\s*)?(?:(?:right\s+)?now\b\s*)?/i
const TRAILING = /(?:\s+(?:(?:right\s+)?now|today|time))?[\s?.!]*$/i
const PREPOSITION = /^(?:in|at|for|of|from|to)\s+/i
const DATE = /^(\d{4})-(\d{2})-(\d{2})(?:\s*T\s*|\s+)(?=\d)/i
const TIME =
  /^(?:at\s+)?(?:([01]?\d|2[0-3])[:.h]([0-5]\d)(?::[0-5]\d)?\s*([ap]\.?m\.?)?|(1[0-2]|0?[1-9])\s*([ap]\.?m\.?)|(noon|midnight))(?![\d\w:])\s*/i
const CONVERSION = /^(.*?)\s*(?:\b(?:in|to|as)\s+|->|→|=>|=)\s*(.+)$/is
const SEPARATOR = /\s*(?:[,;&\n]|\band\b)\s*/i

/** `undefined` when a date or time in `text` does not exist in any calendar. */
export function parseQuestion(text: string): ClockQuestion | undefined {
  const words = text.trim().replace(LEADING, '').replace(TRAILING, '')
  const [date, afterDate] = takeDate(words)
  const [time, rest] = takeTime(afterDate)
  if (time === undefined) {
    if (date !== undefined || /^\d+(?!\w*\/)/.test(words)) return undefined
    return { source: '', targets: splitPlaces(words.replace(PREPOSITION, '')) }
  }
  if (date !== undefined && !exists(date)) return undefined
  const moment = date === undefined ? { time } : { time, date }
  // "14:30 to Tokyo" says where it is wanted, "14:30 in Tokyo" where it is.
  if (/^(?:to\b|->|→|=)/i.test(rest)) {
    return { moment, source: '', targets: splitPlaces(rest.replace(/^(?:to\b|->|→|=)\s*/i, '')) }
  }
  const places = rest.replace(PREPOSITION, '')
  const [, source = places, targets = ''] = CONVERSION.exec(places) ?? []
  return { moment, source: source.trim(), targets: splitPlaces(targets) }
}

function takeDate(text: string): readonly [CalendarDate | undefined, string] {
  const [found, year, month, day] = DATE.exec(text) ?? []
  if (found === undefined) return [undefined, text]
  const date = { year: Number(year), month: Number(month), day: Number(day) }
  return [date, text.slice(found.length)]
}

function takeTime(text: string): readonly [TimeOfDay | undefined, string] {
  const match = TIME.exec(text)
  if (match === null) return [undefined, text]
  const [found, hours, minutes, meridiem, shortHours, shortMeridiem, word] = match
  const rest = text.slice(found.length)
  if (word !== undefined) {
    return [{ hour: word.toLowerCase() === 'noon' ? 12 : 0, minute: 0 }, rest]
  }
  const hour = Number(hours ?? shortHours)
  const half = (meridiem ?? shortMeridiem)?.[0]?.toLowerCase()
  if (half === undefined) return [{ hour, minute: Number(minutes) }, rest]
  if (hour < 1 || hour > 12) return [undefined, text]
  return [{ hour: (hour % 12) + (half === 'p' ? 12 : 0), minute: Number(minutes ?? 0) }, rest]
}

/** 31 February would silently become March otherwise. */
function exists({ year, month, day }: CalendarDate): boolean {
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

function splitPlaces(text: string): readonly string[] {
  return text
    .split(SEPARATOR)
    .map((place) => place.replace(PREPOSITION, '').trim())
    .filter((place) => place !== '')
}
