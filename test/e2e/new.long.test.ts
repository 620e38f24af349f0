/** What `lumos new` makes is typed: the project's own `npm run check` finds nothing. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TEMPLATES } from '../../cli/templates.ts'
import { createTestCli } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test.for(TEMPLATES)('the project of the template %s has no type error', async (template) => {
  const directory = join(await temporaryDirectory(), 'project')
  const cli = await createTestCli()
  await cli.run(['new', directory, '--template', template])
  const installed = join(process.cwd(), 'node_modules')
  const { stdout, status } = spawnSync(
    process.execPath,
    [join(installed, 'typescript/bin/tsc'), '--typeRoots', join(installed, '@types')],
    { cwd: directory, encoding: 'utf8' }
  )
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
})
