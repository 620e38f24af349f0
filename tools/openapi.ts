/** Writes docs/openapi.json from the route table of the control API. */
import { writeFileSync } from 'node:fs'
import { openApiDocument } from '../gateway/control/openapi.ts'

writeFileSync('docs/openapi.json', `${JSON.stringify(openApiDocument(), undefined, 2)}\n`)
