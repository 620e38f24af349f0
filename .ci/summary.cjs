// The end of a CI run: every test that failed, with its message, then `N passed, N failed`.
// Usage: node summary.cjs FAILED_STEPS REPORT...; a step is named in FAILED_STEPS by a line.
const { existsSync, readFileSync } = require('node:fs')
const { stripVTControlCharacters } = require('node:util')

const LINES_OF_A_MESSAGE = 12

const [steps, ...files] = process.argv.slice(2)
const failedSteps = steps.split('\n').filter(Boolean)
const reports = files.filter(existsSync).map((file) => JSON.parse(readFileSync(file, 'utf8')))

for (const report of reports) report.testResults.forEach(tellFailures)
for (const name of failedSteps) say(`FAILED step: ${name}`)

const failed = sum('numFailedTests') + failedSteps.length
say(`\n${sum('numPassedTests')} passed, ${failed} failed, ${sum('numPendingTests')} skipped`)

function tellFailures({ name, status, message, assertionResults }) {
  const failures = assertionResults.filter((result) => result.status === 'failed')
  for (const { fullName, failureMessages } of failures)
    tell(`${name}: ${fullName}`, failureMessages.join('\n'))
  // A file that could not be loaded has no test that failed.
  if (status === 'failed' && failures.length === 0) tell(name, message)
}

function tell(what, message) {
  const lines = stripVTControlCharacters(message).split('\n').slice(0, LINES_OF_A_MESSAGE)
  say(`FAILED ${what}\n    ${lines.join('\n    ')}\n`)
}

function say(text) {
  process.stdout.write(`${text}\n`)
}

function sum(key) {
  return reports.reduce((total, report) => total + report[key], 0)
}
