/** Loaded into a daemon before it starts: writes down what V8 holds, whenever the bench asks by SIGUSR2. */
'use strict'
const { renameSync, writeFileSync } = require('node:fs')

const path = process.env.LUMOS_BENCH_HEAP
if (path !== undefined && process.argv.includes('daemon')) {
  process.on('SIGUSR2', () => {
    // Renamed, so that nobody reads half of it.
    writeFileSync(`${path}.new`, JSON.stringify(process.memoryUsage()))
    renameSync(`${path}.new`, path)
  })
}
