import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const shipped = ['src', 'connectors', 'actions', 'models']

interface Module {
  readonly path: string
  readonly text: string
  readonly code: string
  readonly imports: readonly string[]
  /** Those that are loaded together with the module: neither types alone nor what it asks for when it is needed. */
  readonly atStart: readonly string[]
}

/** Every TypeScript file below the shipped folders, with its imports resolved to paths from the root. */
function modules(folders: readonly string[]): Module[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => {
        const path = join(folder, name).replaceAll('\\', '/')
        const text = readFileSync(join(root, path), 'utf8')
        const code = withoutComments(text)
        const found = (pattern: RegExp): string[] =>
          [...code.matchAll(pattern)].map((match) =>
            match[1].startsWith('.')
              ? relative(root, resolve(root, dirname(path), match[1])).replaceAll('\\', '/')
              : match[1],
          )
        const imports = found(/(?:\bfrom\s*|\bimport\s*\(?\s*|new URL\(\s*)'([^']+)'/g)
        const atStart = found(/^(?:import|export)\s+(?:(?!type\b)[\w\s{},*$]+\bfrom\s*)?'([^']+)'/gm)
        return { path, text, code, imports, atStart }
      }),
  )
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1')
}

const all = modules(shipped)
const below = (folder: string) => all.filter((module) => module.path.startsWith(`${folder}/`))
const isOurs = (name: string) => shipped.some((folder) => name.startsWith(`${folder}/`))

function breaches(
  candidates: readonly Module[],
  forbidden: (name: string, importer: string) => boolean,
): string[] {
  return candidates.flatMap((module) =>
    module.imports
      .filter((name) => forbidden(name, module.path))
      .map((name) => `${module.path} imports ${name}`),
  )
}

/** The parts of models that touch files or threads: serving, bundles on disk, and training with its threads. */
const impureModels = /^models\/(onnx\/(serve|worker|bundle)|churn\/trainer\/|policy\/solve-(thread|worker)\.)/

describe('who may import whom', () => {
  it('keeps contracts a leaf', () => {
    expect(
      breaches(below('src/contracts'), (name) => isOurs(name) && !name.startsWith('src/contracts/')),
    ).toEqual([])
  })

  it.each(['models', 'connectors', 'actions'])('lets %s know of src only the contracts', (folder) => {
    expect(
      breaches(
        below(folder),
        (name) =>
          isOurs(name) &&
          !name.startsWith('src/contracts/') &&
          !name.startsWith(`${folder}/`) &&
          // Seeded chance serves generators and tests alike.
          name !== 'models/random.ts',
      ),
    ).toEqual([])
  })

  it('lets the loop know neither the command line nor a server', () => {
    expect(breaches(below('src/loop'), (name) => /^src\/(cli|server|main)/.test(name))).toEqual([])
  })

  it('lets nothing import the server but what starts it', () => {
    expect(
      breaches(
        all,
        (name, from) =>
          name.startsWith('src/server/') && !/^src\/(server\/|admin\/|main\.ts$|cli\/serve\.ts$)/.test(from),
      ),
    ).toEqual([])
  })

  it('lets the app in the browser load nothing but itself and what is pure; of the rest it knows types', () => {
    // Differences, words and values of settings are the same on both sides of the wire. Nothing else comes with them.
    const pure = [
      ...['changes', 'form-values', 'path', 'same', 'words'].map((name) => `src/settings/${name}.ts`),
      'actions/catalogue.ts',
    ]
    const inBrowser = [...below('src/admin'), ...all.filter(({ path }) => pure.includes(path))]
    const loaded = inBrowser.flatMap(({ path, atStart }) =>
      atStart
        .filter((name) => isOurs(name) || name.startsWith('node:'))
        .filter((name) => !/^src\/(admin|contracts)\//.test(name) && !pure.includes(name))
        .map((name) => `${path} loads ${name}`),
    )
    expect(loaded).toEqual([])
    expect(all.filter(({ path }) => pure.includes(path))).toHaveLength(pure.length)
    // What the server shares with it: the list of pages, and how things are written.
    const shared = all
      .filter(({ path }) => !path.startsWith('src/admin/'))
      .flatMap(({ imports }) => imports.filter((name) => name.startsWith('src/admin/')))
    expect(
      [...new Set(shared)].filter((name) => !/^src\/admin\/(pages\.ts$|words\/|built$)/.test(name)),
    ).toEqual([])
  })

  it('keeps the hidden truth of sandboxes away from models and the loop', () => {
    expect(
      breaches([...below('models'), ...below('src/loop')], (name) => /truth|\/sandbox\//.test(name)),
    ).toEqual([])
  })

  it('lets the loop know CRMs by the contract of connectors alone', () => {
    expect(breaches(below('src/loop'), (name) => /^connectors\/(hubspot|salesforce)\//.test(name))).toEqual(
      [],
    )
  })

  it("reaches HubSpot's own client in one place", () => {
    const users = all.filter(({ imports }) => imports.some((name) => name.startsWith('@hubspot/')))
    expect(users.map(({ path }) => path)).toEqual(['connectors/hubspot/transport.ts'])
  })

  it("reaches Salesforce's own library in one place, loaded with the first request", () => {
    const isTheirs = (name: string): boolean => /^@(salesforce|jsforce)\//.test(name)
    const users = all.filter(({ imports }) => imports.some(isTheirs))
    expect(users.map(({ path }) => path)).toEqual(['connectors/salesforce/transport.ts'])
    expect(users.flatMap(({ atStart }) => atStart).filter(isTheirs)).toEqual([])
  })

  it('keeps gRPC and Avro where change events are told and followed, loaded when the first are', () => {
    const isForEvents = (name: string): boolean => /^@grpc\/|^avsc$/.test(name)
    const hasEvents = (path: string): boolean => /^connectors\/salesforce\/(events|sandbox)\//.test(path)
    const users = all.filter(({ imports }) => imports.some(isForEvents)).map(({ path }) => path)
    expect(users.filter((path) => !hasEvents(path))).toEqual([])
    const reached = new Set(all.filter(({ atStart }) => atStart.some(isForEvents)).map(({ path }) => path))
    expect(reached.size).toBeGreaterThan(1)
    for (const one of reached)
      for (const { path, atStart } of all) if (atStart.includes(one)) reached.add(path)
    // This one hosts the sandbox, and is itself loaded only where that is done.
    expect([...reached].filter((path) => !hasEvents(path))).toEqual(['src/salesforce-sandbox.ts'])
  })

  it('lets no connector know its sandbox, and only what hosts one load it', () => {
    const isSandbox = (path: string): boolean => /^connectors\/(\w+\/)?sandbox\//.test(path)
    const connectors = below('connectors').filter(({ path }) => !isSandbox(path))
    expect(breaches(connectors, isSandbox)).toEqual([])
    const loading = below('src').filter(({ atStart }) => atStart.some(isSandbox))
    expect(loading.map(({ path }) => path)).toEqual([
      // What the sample company is connected by.
      'src/first-start.ts',
      'src/hubspot-sandbox.ts',
      'src/salesforce-sandbox.ts',
    ])
    const isHost = (path: string): boolean => /^src\/\w+-sandbox\.ts$/.test(path)
    expect(all.filter(({ atStart }) => atStart.some(isHost)).map(({ path }) => path)).toEqual([])
  })

  it('keeps DuckDB in the file connector and the offline store', () => {
    expect(
      breaches(
        all,
        (name, from) => name.startsWith('@duckdb/') && !/^(connectors\/csv|src\/store\/offline)\//.test(from),
      ),
    ).toEqual([])
  })

  it('keeps models pure but for serving and the threads that train and solve', () => {
    const outside =
      /^node:(fs|os|path|child_process|worker_threads|http|https|net|process|timers)|^onnxruntime-node$/
    expect(
      breaches(
        below('models').filter((module) => !impureModels.test(module.path)),
        (name) => outside.test(name),
      ),
    ).toEqual([])
    const clocks = below('models').filter(
      (module) =>
        !impureModels.test(module.path) && /\bMath\.random\(|\bDate\.now\(|\bnew Date\(\)/.test(module.code),
    )
    expect(clocks.map((module) => module.path)).toEqual([])
  })
})

describe('how modules are written', () => {
  it('reads the environment in config.ts alone', () => {
    const readers = all.filter((module) => /\bprocess\.env\b/.test(module.code)).map((module) => module.path)
    expect(readers.filter((path) => path !== 'src/config.ts')).toEqual([])
  })

  it('has no barrel files, no default exports and no drawers named utils', () => {
    expect(all.filter((module) => /(^|\/)index\.ts$/.test(module.path)).map((module) => module.path)).toEqual(
      [],
    )
    expect(
      all.filter((module) => /^export default /m.test(module.code)).map((module) => module.path),
    ).toEqual([])
    expect(
      all
        .filter((module) => /(^|\/)(utils?|helpers?|common|manager)(\.ts|\/)/.test(module.path))
        .map((m) => m.path),
    ).toEqual([])
  })

  it('keeps every file to one idea: at most 400 lines', () => {
    const long = all.filter((module) => module.text.split('\n').length > 400).map((module) => module.path)
    expect(long).toEqual([])
  })

  it('imports every module by its full name, so that Node runs it without a build', () => {
    const bare = all.flatMap((module) =>
      [...module.code.matchAll(/\bfrom\s*'(\.[^']*)'/g)]
        .filter((match) => !/\.(tsx?|js|json|css)$/.test(match[1]))
        .map((match) => `${module.path} imports ${match[1]}`),
    )
    expect(bare).toEqual([])
  })
})
