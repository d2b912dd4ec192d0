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
        const imports = [...code.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*|new URL\(\s*)'([^']+)'/g)].map(
          (match) =>
            match[1].startsWith('.')
              ? relative(root, resolve(root, dirname(path), match[1])).replaceAll('\\', '/')
              : match[1],
        )
        return { path, text, code, imports }
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
const impureModels = /^models\/(onnx\/(serve|worker|bundle)|churn\/trainer\/)/

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
          name.startsWith('src/server/') && !/^src\/(server\/|main\.ts$|cli\/serve\.ts$)/.test(from),
      ),
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

  it('keeps DuckDB in the file connector and the offline store', () => {
    expect(
      breaches(
        all,
        (name, from) => name.startsWith('@duckdb/') && !/^(connectors\/csv|src\/store\/offline)\//.test(from),
      ),
    ).toEqual([])
  })

  it('keeps models pure but for serving and the training pool', () => {
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
        .filter((match) => !/\.(ts|js|json)$/.test(match[1]))
        .map((match) => `${module.path} imports ${match[1]}`),
    )
    expect(bare).toEqual([])
  })
})
