/**
 * From a save to the new version known to peers: 20 saves of the project that `lumos new` makes.
 *
 * Run: `node bench/dev-reload.ts`. One node with `lumos dev` on it; the time is from the write of the file
 * to the event by which `lumos dev` tells of the new version, whose card is signed and announced by then.
 */
import { readFile, writeFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDev } from '../test/support/dev-process.ts'
import { createLumos } from '../test/support/lumos.ts'

const SAVES = 20
/** The first load fills the compile cache, as the first of a day does. */
const WARM_UP = 2

const folder = await mkdtemp(join(tmpdir(), 'lumos-bench-dev-'))
const lumos = createLumos({ home: join(folder, 'home') })
const project = join(folder, 'hello')
await lumos.run(['new', project])
await lumos.run(['up', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns'])
const dev = startDev(lumos, project)

try {
  await dev.next('loaded')
  const file = join(project, 'agent.ts')
  const text = await readFile(file, 'utf8')
  const times: number[] = []
  for (let save = 0; save < SAVES + WARM_UP; save += 1) {
    const begun = performance.now()
    // oxlint-disable-next-line no-await-in-loop -- one save after the other is what is measured
    await writeFile(file, text.replace('most often', `most often (${save})`))
    // oxlint-disable-next-line no-await-in-loop -- as above
    await dev.next('loaded')
    if (save >= WARM_UP) times.push(performance.now() - begun)
  }
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): string =>
    `${Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)} ms`
  const asked = await lumos.run(['agents', 'call', 'hello', 'to be'])
  console.log(`save to re-advertised, ${SAVES} saves: p50 ${at(0.5)}, p95 ${at(0.95)}`)
  console.log(`the last version answers: ${asked.stdout.trim()}`)
} finally {
  await dev.interrupt()
  await lumos.run(['down'])
  await rm(folder, { recursive: true, force: true })
}
