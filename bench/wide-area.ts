/**
 * What far, lossy, narrow, cut and hidden links do to a swarm of four daemons: each in a network namespace, on a switch in user space.
 *
 * Run as root on Linux: `node bench/wide-area.ts [--conditions calm,loss] [--seed 1] [--json] [--markdown]`. Needs `ip` (iproute2), python3,
 * /dev/net/tun, and `nft` (nftables) for routers. About a minute a condition. Ends with 1 when a promise was broken.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seededRandom } from '../test/support/random.ts'
import { whyNoWideNetwork } from '../test/support/wide-network.ts'
import { CONDITIONS } from './wide-area/conditions.ts'
import { runRow } from './wide-area/row.ts'
import type { Row } from './wide-area/row.ts'
import { tableOf } from './wide-area/table.ts'

const { values } = parseArgs({
  options: {
    /** Parts of names. */
    conditions: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false }
  }
})
const say = (line: string): void => void process.stderr.write(`${line}\n`)
const out = (line: string): void => void process.stdout.write(`${line}\n`)
const wanted = values.conditions.split(',')
const chosen = CONDITIONS.filter(({ name }) => wanted.some((part) => name.includes(part)))
const hidden = chosen.some(({ isHidden }) => isHidden === true) ? 2 : 0
const lack = whyNoWideNetwork(hidden)
if (lack !== undefined) {
  say(`cannot be measured here: ${lack}`)
  process.exit(2)
}

const seed = Number(values.seed)
const rows: Row[] = []
const folder = mkdtempSync(join(tmpdir(), 'lumos-wide-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const [index, condition] of chosen.entries()) {
  const init = { folder: join(folder, String(index)), seed, random: seededRandom(seed) }
  const row = await runRow(condition, { ...init, progress: say })
  for (const promise of row.broken) say(`  BROKEN: ${promise}`)
  rows.push(row)
}
if (!values.json || values.markdown) out(tableOf(rows))
if (values.json) out(JSON.stringify({ seed, rows }))
process.exitCode = rows.length > 0 && rows.every(({ broken }) => broken.length === 0) ? 0 : 1
