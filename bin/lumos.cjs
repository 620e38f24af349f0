#!/usr/bin/env node
// The `lumos` command. Plain ES5, so that the oldest Node can read it and say what Lumos needs.
'use strict'

var fs = require('fs')
var path = require('path')

/** `engines` in package.json; libp2p 3 does not run below it. */
var NEEDED_MAJOR = 24

if (parseInt(process.versions.node, 10) >= NEEDED_MAJOR) start()
else require('./newer-node.cjs').hand(__filename)

function start() {
  var root = path.dirname(__dirname)
  // A checkout runs its TypeScript as it is; the npm package holds the built JavaScript only.
  var checkout = fs.existsSync(path.join(root, 'cli', 'main.ts'))
  if (checkout || !startsDaemon()) enableCompileCache()
  function load(name) {
    return require(checkout ? path.join(root, name + '.ts') : path.join(root, 'dist', name + '.js'))
  }
  load('cli/main').main({
    bin: __filename,
    packageRoot: root,
    runNode: function (argv) {
      return load('node/program').main(argv)
    }
  })
}

/**
 * Node holds what it read of the cache until its process ends: 12 MB of a daemon, whose start it makes a
 * seventh cheaper (measured). A daemon of a checkout takes it: without it TypeScript's compiler is 16.
 */
function startsDaemon() {
  return process.argv.indexOf('daemon') > 0
}

/**
 * Halves the time of a command. In a folder of the user's own (core/paths.ts knows it as well): what lies
 * in it is run, so a shared /tmp will not do.
 */
function enableCompileCache() {
  if (process.env.NODE_COMPILE_CACHE) return
  var cache = process.env.XDG_CACHE_HOME || path.join(require('os').homedir(), '.cache')
  require('module').enableCompileCache(path.join(cache, 'lumos', 'compile'))
}
