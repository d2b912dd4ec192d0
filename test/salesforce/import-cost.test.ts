import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'

const CONNECTOR = fileURLToPath(new URL('../../connectors/salesforce/', import.meta.url))
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** The one module that stands for gRPC: imported by the others when events are first followed. */
const LINE = 'events/channel.ts'

const modules = readdirSync(CONNECTOR, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith('sandbox') && file !== LINE)
  .map((file) => pathToFileURL(CONNECTOR + file).href)

/** Packages that a process of its own has loaded after importing these. */
function loadedBy(imports: readonly string[]): readonly string[] {
  // What Salesforce's library and gRPC consist of is CommonJS, which node keeps by path however it was imported.
  const script = `
    import { createRequire } from 'node:module'
    for (const one of ${JSON.stringify(imports)}) await import(one)
    const names = Object.keys(createRequire(import.meta.url).cache).map((path) =>
      /node_modules[/\\\\]((?:@[^/\\\\]+[/\\\\])?[^/\\\\]+)/.exec(path)?.[1].replaceAll('\\\\', '/'))
    console.log(JSON.stringify([...new Set(names)]))`
  const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  expect(ran.stderr).toBe('')
  return JSON.parse(ran.stdout) as readonly string[]
}

const HEAVY = ['@salesforce/core', '@jsforce/jsforce-node', '@grpc/grpc-js', '@grpc/proto-loader']

describe("the connector's modules", () => {
  it('load neither the library of Salesforce nor gRPC before a first request', () => {
    expect(modules.length).toBeGreaterThan(20)
    const loaded = loadedBy(modules)
    expect(HEAVY.filter((name) => loaded.includes(name))).toEqual([])
  })

  it('would be caught if they did', () => {
    const loaded = loadedBy(['@salesforce/core', pathToFileURL(CONNECTOR + LINE).href])
    expect(HEAVY.filter((name) => loaded.includes(name))).toEqual(HEAVY)
  })
})
