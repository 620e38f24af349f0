// Runs `lumos` on a newer Node when the one it was started with is too old. Plain ES5, as lumos.cjs.
'use strict'

var childProcess = require('child_process')
var fs = require('fs')
var os = require('os')
var path = require('path')

/** The version that tools/node pins for the checkout, so that both ways run the same. */
var VERSION = '24.21.0'
/** 190 MB over a slow line. */
var DOWNLOAD_TIMEOUT_MS = 10 * 60 * 1000
var FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGCONT']
/** Where a person should know which Node runs; before every other answer it would be noise. */
var TELLING = ['up', 'demo', 'doctor']
/** Flags with a value, which is not the command (cli/program.ts, WITH_VALUE). */
var WITH_VALUE = ['-P', '--profile', '--home', '--timeout']

var packageName =
  'node-' + (process.platform === 'win32' ? 'win' : process.platform) + '-' + os.arch()
var binary = process.platform === 'win32' ? 'node.exe' : 'node'

/** Starts `script` again with the same arguments, and ends as it ends. */
function hand(script) {
  var newer = find(path.dirname(path.dirname(script)))
  var finding = 'lumos needs Node 24 or newer (this is ' + process.version + ')'
  if (!newer) {
    say(finding)
    newer = download()
  } else if (process.stderr.isTTY && TELLING.indexOf(command()) >= 0) {
    say(finding + ', and goes on with the one at ' + newer)
  }
  if (newer) run(newer, script)
  else giveUp()
}

function command() {
  return process.argv.slice(2).filter(function (word, index, words) {
    return word.charAt(0) !== '-' && WITH_VALUE.indexOf(words[index - 1]) < 0
  })[0]
}

function find(root) {
  return [path.join(root, 'node_modules'), path.join(cacheDirectory(), 'node_modules')]
    .map(binaryIn)
    .filter(fs.existsSync)[0]
}

function binaryIn(modules) {
  return path.join(modules, packageName, 'bin', binary)
}

function cacheDirectory() {
  var cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache')
  return path.join(cache, 'lumos', 'node-' + VERSION)
}

/** Into a folder of its own first: a broken download must never look like a Node. */
function download() {
  if (process.env.LUMOS_NO_DOWNLOAD === '1') return undefined
  var target = cacheDirectory()
  var part = target + '.' + process.pid
  say('fetching Node ' + VERSION + ' once through npm into ' + target)
  try {
    makeDirectory(part)
    install(part)
    if (fs.existsSync(binaryIn(path.join(part, 'node_modules')))) fs.renameSync(part, target)
  } catch (error) {
    say('that failed: ' + error.message)
  }
  remove(part)
  var found = binaryIn(path.join(target, 'node_modules'))
  return fs.existsSync(found) ? found : undefined
}

function install(prefix) {
  var args = [
    'install',
    '--prefix',
    prefix,
    '--no-save',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund'
  ]
  args.push('--loglevel=error', packageName + '@' + VERSION)
  // npm sits beside the Node that runs this, or is the one that started it.
  var result = childProcess.spawnSync('npm', args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
    timeout: DOWNLOAD_TIMEOUT_MS
  })
  if (result.error) throw result.error
  if (result.status !== 0) throw new Error('npm ended with code ' + result.status)
}

function run(node, script) {
  var child = childProcess.spawn(node, [script].concat(process.argv.slice(2)), { stdio: streams() })
  FORWARDED.forEach(function (signal) {
    process.on(signal, function () {
      // A terminal has sent its Ctrl-C to the child as well; twice would mean "at once".
      var byTerminal = signal === 'SIGINT' || signal === 'SIGQUIT'
      if (!(byTerminal && process.stdin.isTTY)) child.kill(signal)
    })
  })
  child.on('error', function (error) {
    say('cannot start ' + node + ': ' + error.message)
    process.exit(1)
  })
  child.on('exit', function (code, signal) {
    if (!signal) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

/** Whoever supervises `lumos daemon --ready-fd N` passes N on through this process. */
function streams() {
  var list = ['inherit', 'inherit', 'inherit']
  var fd = parseInt(process.argv[process.argv.indexOf('--ready-fd') + 1], 10)
  if (process.argv.indexOf('--ready-fd') > 0 && fd > 2 && fd < 64) {
    while (list.length < fd) list.push('ignore')
    list.push(fd)
  }
  return list
}

function giveUp() {
  var hint = 'install it from https://nodejs.org, or: npm install -g node@24'
  say(hint)
  if (process.argv.indexOf('--json') > 0) {
    // As core/error-table.ts has it, which an old Node cannot read.
    var message = 'Lumos needs Node 24 or newer, and this is ' + process.version
    var error = { code: 'NODE_TOO_OLD', message: message, hint: hint }
    error.details = { found: process.version }
    process.stdout.write(JSON.stringify({ ok: false, error: error }) + '\n')
  }
  process.exitCode = 1
}

function say(line) {
  if (process.argv.indexOf('-q') < 0 && process.argv.indexOf('--quiet') < 0) {
    process.stderr.write(line + '\n')
  }
}

function makeDirectory(directory) {
  if (fs.existsSync(directory)) return
  makeDirectory(path.dirname(directory))
  fs.mkdirSync(directory, 448) // 0700: what lies in it is run
}

function remove(directory) {
  if (fs.existsSync(directory)) (fs.rmSync || fs.rmdirSync)(directory, { recursive: true })
}

module.exports = { hand: hand }
