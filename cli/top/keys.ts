/** Turns what a terminal sends into names of keys; a sequence may come in pieces, and Esc is the beginning of most. */
import type { Clock } from '../../core/clock.ts'

/** A printable character as it is, or a name: `up`, `enter`, `escape`, `ctrl-c` … */
export type Key = string

/** The rest of a sequence follows at once, also over slow lines; a person waits longer (vim and tmux take 50 to 500). */
const ESCAPE_MS = 50
/** No sequence of a terminal that we know is longer. */
const LONGEST_SEQUENCE = 64

const NAMES: ReadonlyMap<string, Key> = new Map([
  ['[A', 'up'],
  ['[B', 'down'],
  ['[C', 'right'],
  ['[D', 'left'],
  ['OA', 'up'],
  ['OB', 'down'],
  ['OC', 'right'],
  ['OD', 'left'],
  ['[H', 'home'],
  ['[F', 'end'],
  ['OH', 'home'],
  ['OF', 'end'],
  ['[1~', 'home'],
  ['[4~', 'end'],
  ['[7~', 'home'],
  ['[8~', 'end'],
  ['[5~', 'page-up'],
  ['[6~', 'page-down'],
  ['[Z', 'back-tab'],
  ['OP', '?'],
  ['[11~', '?']
])

const CONTROLS: ReadonlyMap<string, Key> = new Map([
  ['\r', 'enter'],
  ['\n', 'enter'],
  ['\t', 'tab'],
  ['\b', 'backspace'],
  ['\u007f', 'backspace'],
  ['\u0002', 'page-up'],
  ['\u0003', 'ctrl-c'],
  ['\u0006', 'page-down'],
  ['\u000c', 'ctrl-l'],
  ['\u0015', 'ctrl-u'],
  ['\u001a', 'ctrl-z']
])

// oxlint-disable-next-line no-control-regex -- escape sequences are what it looks for
const SEQUENCE = /^\u001b(\[[0-?]*[ -/]*[@-~]|O[A-Za-z]|[^[O\u001b])/
// oxlint-disable-next-line no-control-regex -- as above
const UNFINISHED = /^\u001b(?:\[[0-?]*[ -/]*|O)?$/

export interface KeyDecoder {
  push(text: string): void
  close(): void
}

/** `onKey` hears each key once it is certain. */
export function createKeyDecoder(clock: Clock, onKey: (key: Key) => void): KeyDecoder {
  let pending = ''
  let cancel: (() => void) | undefined

  function flush(): void {
    const isEscape = pending === '\u001b'
    pending = ''
    if (isEscape) onKey('escape')
  }

  return {
    push(text) {
      cancel?.()
      const { keys, rest } = readKeys(pending + text)
      pending = rest
      for (const key of keys) onKey(key)
      if (pending !== '') cancel = clock.after(ESCAPE_MS, flush)
    },
    close() {
      cancel?.()
      pending = ''
    }
  }
}

/** The keys in `text`, and the beginning of another one that may go on. What nobody knows is left out. */
export function readKeys(text: string): { readonly keys: Key[]; readonly rest: string } {
  const keys: Key[] = []
  let left = text
  while (left !== '') {
    if (UNFINISHED.test(left) && left.length <= LONGEST_SEQUENCE) return { keys, rest: left }
    const [whole, body] = SEQUENCE.exec(left) ?? []
    if (whole !== undefined) {
      const key = NAMES.get(body ?? '')
      if (key !== undefined) keys.push(key)
      left = left.slice(whole.length)
      continue
    }
    const character = String.fromCodePoint(left.codePointAt(0) ?? 0)
    if (character === '\u001b') keys.push('escape')
    else {
      const key = CONTROLS.get(character) ?? (character < ' ' ? undefined : character)
      if (key !== undefined) keys.push(key)
    }
    left = left.slice(character.length)
  }
  return { keys, rest: '' }
}
