#!/usr/bin/env node
// Plain JavaScript on purpose: it has to start on any Node, also on one too old for the rest, and
// hand over to the Node 24 that comes with the package (optionalDependencies in package.json).
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
// Named imports that an old Node lacks would stop it before the first line.
import * as modules from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const major = Number(process.versions.node.split('.')[0])

// A server keeps what V8 takes for it: small nurseries and one compiling thread save a third of its memory and cost a
// tenth of its speed. `npm start` passes the same, so that one process is enough there.
const lean = ['--max-semi-space-size=4', '--wasm-num-compilation-tasks=1']
const flags = process.argv[2] === 'serve' ? lean.filter((flag) => !process.execArgv.includes(flag)) : []

if (major >= 24 && flags.length === 0) {
  modules.enableCompileCache?.()
  // A checkout runs its TypeScript directly; the package carries compiled JavaScript, because
  // Node strips no types inside node_modules.
  const source = join(root, 'src', 'cli.ts')
  const entry = existsSync(source) ? source : join(root, 'dist', 'src', 'cli.js')
  await import(pathToFileURL(entry).href)
} else {
  const bundled = major >= 24 ? process.execPath : bundledNode()
  if (bundled === null) {
    process.stderr.write(
      `holdfast needs Node 24 or newer, this is ${process.version}, and no Node 24 came with the package for ` +
        `${process.platform}-${process.arch}. Install Node 24 and run the command again.\n`,
    )
    process.exit(70)
  }
  const child = spawn(
    bundled,
    [...process.execArgv, ...flags, fileURLToPath(import.meta.url), ...process.argv.slice(2)],
    {
      stdio: 'inherit',
    },
  )
  // Ctrl-C reaches the whole group and the child ends in order; other signals reach only us.
  process.on('SIGINT', () => undefined)
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (cause) => {
    process.stderr.write(`holdfast: Node 24 could not be started from ${bundled}: ${cause.message}\n`)
    process.exitCode = 70
  })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 70 : 128 + constants.signals[signal])
  })
}

/** @returns {string | null} the path of the Node 24 that npm installed beside us, if there is one */
function bundledNode() {
  const require = modules.createRequire(import.meta.url)
  const platform = process.platform === 'win32' ? 'win' : process.platform
  for (const name of [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`]) {
    try {
      const folder = dirname(require.resolve(`${name}/package.json`))
      for (const file of ['bin/node', 'bin/node.exe']) {
        if (existsSync(join(folder, file))) return join(folder, file)
      }
    } catch {
      // not installed for this platform: try the next name
    }
  }
  return null
}
