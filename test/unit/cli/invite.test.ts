/** `lumos invite`, as a person and a camera see it. */
import decoder from 'jsqr'
import { expect, test } from 'vitest'
import { drawQrCode, QR_COLUMNS, QR_ROWS } from '../../../cli/qr-code.ts'
import { LIMITS } from '../../../core/limits.ts'
import { createTestCli } from '../../support/cli.ts'
import type { CliInit } from '../../support/cli.ts'
import { fakeSwarm } from '../../support/swarm-operations.ts'

const INK = '\u001b[38;5;16;48;5;231m'
const TEXT = `lumos1_${'aB3_-'.repeat(60)}`
/** Pixels of a module: cameras see more than one. */
const SCALE = 4

async function invite(init: CliInit, words: readonly string[] = ['--qr']) {
  let made = 0
  const cli = await createTestCli({
    members: {
      ...fakeSwarm(),
      invite: async () => {
        made += 1
        return {
          v: 1,
          invite: {
            id: '3f0c2a1b9d4e5f60',
            role: 'member',
            expiresAt: '2026-11-22T10:00:00.000Z',
            uses: 1,
            used: 0
          },
          text: TEXT,
          founded: false
        }
      }
    }
  })
  return { ...(await cli.run(['invite', ...words], init)), made }
}

/** What the terminal shows, as a picture: dark only where it says so, in ink on paper. */
function pictureOf(lines: readonly string[]): { data: Uint8ClampedArray; side: number } {
  const rows = lines.flatMap((line) => {
    expect(line.startsWith(INK) && line.endsWith('\u001b[0m')).toBe(true)
    const cells = Array.from(line.slice(INK.length, -'\u001b[0m'.length))
    return [cells.map((cell) => '▀█'.includes(cell)), cells.map((cell) => '▄█'.includes(cell))]
  })
  const side = (rows[0]?.length ?? 0) * SCALE
  const data = new Uint8ClampedArray(side * side * 4).fill(255)
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      const isDark = rows[Math.floor(y / SCALE)]?.[Math.floor(x / SCALE)] === true
      if (isDark) data.fill(0, (y * side + x) * 4, (y * side + x) * 4 + 3)
    }
  }
  return { data, side }
}

test('a camera reads the drawn code as the very line below it', async () => {
  const { code, out } = await invite({ columns: 80, rows: 50 })
  expect(code).toBe(0)
  const lines = out.trimEnd().split('\n')
  expect(lines.at(-1)).toBe(TEXT)
  const { data, side } = pictureOf(lines.slice(0, -1))
  expect(decoder.default(data, side, side)?.data).toBe(TEXT)
})

test('the longest invite is as large as a code gets', () => {
  const lines = drawQrCode('x'.repeat(LIMITS.inviteCharacters.value))
  expect(lines).toHaveLength(QR_ROWS)
  expect(lines[0]?.length).toBe(INK.length + QR_COLUMNS + '\u001b[0m'.length)
  const { data, side } = pictureOf(lines)
  expect(decoder.default(data, side, side)?.data).toHaveLength(LIMITS.inviteCharacters.value)
})

test('where there is no room for the code, no invite is made', async () => {
  const { code, err, made } = await invite({ columns: QR_COLUMNS - 1 })
  expect([code, made]).toEqual([2, 0])
  expect(err).toContain('a QR code needs 73 columns, and this terminal has 72')
  expect(await invite({})).toMatchObject({ code: 2, made: 0 })
  expect(await invite({ columns: 80 }, ['--qr', '--json'])).toMatchObject({ code: 2, made: 0 })
})

test('a window that is too low for a camera is told', async () => {
  const low = await invite({ columns: 80, rows: 24 })
  expect(low.err).toContain('a camera has to see 37 rows at once, and this terminal has 24')
  expect((await invite({ columns: 80, rows: 50 })).err).not.toContain('camera')
})
