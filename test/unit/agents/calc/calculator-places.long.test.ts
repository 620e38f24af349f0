/** The calculator's process, wherever its packages lie: it may read those, and nothing else. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const ROOT = join(import.meta.dirname, '../../../..')

const SCRIPT = `
import { createCalculator } from './agents/calc/calculator.ts'
import { systemClock } from './core/clock.ts'
const calculator = createCalculator({ clock: systemClock })
console.log(await calculator.evaluate('sqrt(16)', new AbortController().signal))
process.exit()
`

/** The agent's sources in a folder of their own, without packages. */
async function setup() {
  const folder = await temporaryDirectory()
  for (const name of ['agents', 'core', 'package.json']) {
    await cp(join(ROOT, name), join(folder, name), { recursive: true })
  }
  await writeFile(join(folder, 'calculate.ts'), SCRIPT)
  return {
    folder,
    calculate: () => {
      const { stdout, stderr } = spawnSync(process.execPath, ['calculate.ts'], {
        cwd: folder,
        encoding: 'utf8'
      })
      return { stdout, stderr }
    }
  }
}

/** Nine tenths of what would be copied. */
const UNUSED = /mathjs\/(lib\/(browser|cjs)|types)$|zod\/src$/

function isUsed(path: string): boolean {
  return !UNUSED.test(path)
}

/** Each package in a folder of its own, and links for what it needs: as pnpm does. */
async function linkedPackages(folder: string, ...names: readonly string[]): Promise<void> {
  const store = join(folder, 'store')
  const placeOf = (name: string): string =>
    join(store, name.replace('/', '+'), 'node_modules', name)
  async function install(name: string): Promise<string> {
    const place = placeOf(name)
    if (existsSync(place)) return place
    await cp(join(ROOT, 'node_modules', name), place, { recursive: true, filter: isUsed })
    const manifest: unknown = JSON.parse(await readFile(join(place, 'package.json'), 'utf8'))
    const { dependencies = {} } = manifest as { dependencies?: Record<string, string> }
    const siblings = place.slice(0, -name.length)
    for (const needed of Object.keys(dependencies)) {
      await link(await install(needed), join(siblings, needed))
    }
    return place
  }
  for (const name of names) await link(await install(name), join(folder, 'node_modules', name))
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await symlink(target, path)
}

const FOUR = { stdout: '4\n', stderr: '' }

test('calculates where node_modules is a symbolic link', async () => {
  const { folder, calculate } = await setup()
  await symlink(join(ROOT, 'node_modules'), join(folder, 'packages'))
  await symlink('packages', join(folder, 'node_modules'))
  expect(calculate()).toEqual(FOUR)
})

test('calculates where every package is a symbolic link to a store', async () => {
  const { folder, calculate } = await setup()
  await linkedPackages(folder, 'mathjs', 'zod')
  expect(calculate()).toEqual(FOUR)
})
