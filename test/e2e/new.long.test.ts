/** What `lumos new` makes is typed: the project's own `npm run check` finds nothing. */
import { spawnSync } from 'node:child_process'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TEMPLATES } from '../../cli/templates.ts'
import { createTestCli } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const MODULES = join(process.cwd(), 'node_modules')
/** That of Mastra is checked where Mastra is (test/hosting). */
const CHECKED = TEMPLATES.filter((template) => template !== 'mastra')

test.for(CHECKED)('the project of the template %s has no type error', async (template) => {
  const directory = join(await temporaryDirectory(), 'project')
  const cli = await createTestCli()
  await cli.run(['new', directory, '--template', template])
  // What `npm install` would bring: the same packages, as this checkout has them.
  const installed = ['zod', '@modelcontextprotocol', '@types']
  await Promise.all(
    installed.map((name) => symlink(join(MODULES, name), join(directory, 'node_modules', name)))
  )
  const { stdout, status } = spawnSync(process.execPath, [join(MODULES, 'typescript/bin/tsc')], {
    cwd: directory,
    encoding: 'utf8'
  })
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
})
