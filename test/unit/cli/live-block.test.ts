import { expect, test } from 'vitest'
import { createLiveBlock } from '../../../cli/live-block.ts'

/** What a terminal of `rows` lines shows after what was written to it. */
function screen(rows: number) {
  let lines: string[] = []
  let at = 0
  const sink = {
    rows: () => rows,
    write(text: string) {
      // oxlint-disable-next-line no-control-regex -- escape sequences are what a terminal reads
      for (const [token] of text.matchAll(/\u001b\[\??\d*[A-Za-z]|[\r\n]|[^\u001b\r\n]+/g)) {
        if (token.endsWith('A') && token.startsWith('\u001b')) at -= Number(token.slice(2, -1))
        else if (token === '\n') at += 1
        else if (token === '\u001b[J') lines = lines.slice(0, at)
        else if (!token.startsWith('\u001b') && token !== '\r') lines[at] = token
      }
    }
  }
  return { sink, lines: () => lines }
}

test('a frame takes the place of the one before, whether it is longer or shorter', () => {
  const { sink, lines } = screen(24)
  const block = createLiveBlock(sink)
  for (const frame of [['a', 'b', 'c'], ['d'], ['e', 'f', 'g', 'h']]) {
    block.show(frame)
    expect(lines()).toEqual(frame)
  }
})

test('what does not fit the screen is counted, and the last line stays', () => {
  const { sink, lines } = screen(5)
  createLiveBlock(sink).show(['head', '1', '2', '3', '4', 'foot'])
  expect(lines()).toEqual(['head', '1', '… 3 more', 'foot'])
})
