/**
 * The built app: its files by name, packed beforehand (scripts/build-admin.ts), and which of them a page begins with.
 * Names hold a hash of the content, so that browsers keep them for good.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { PageKey } from '../admin/pages.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { route } from './route.ts'

const FOLDER = fileURLToPath(new URL('../admin/built/', import.meta.url))

const manifestSchema = z.record(
  z.string(),
  z.object({
    file: z.string(),
    isEntry: z.boolean().optional(),
    imports: z.array(z.string()).optional(),
    dynamicImports: z.array(z.string()).optional(),
    css: z.array(z.string()).optional(),
    assets: z.array(z.string()).optional(),
  }),
)
export type AppManifest = z.infer<typeof manifestSchema>

/** What a page asks the browser to load. */
export interface AppStart {
  readonly script: string
  /** Modules that the script imports: fetched beside it. */
  readonly modules: readonly string[]
  readonly styles: readonly string[]
  readonly fonts: readonly string[]
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
}

let manifest: AppManifest | null = null
const starts = new Map<string, AppStart>()

/**
 * What a page needs before it shows anything: the app, and the code of the page itself, which the app asks for only once
 * it runs.
 *
 * @throws HoldfastError `internal` where the app was never built
 */
export function appStart(page: PageKey): AppStart {
  const known = starts.get(page)
  if (known !== undefined) return known
  manifest ??= readManifest()
  const start = startOf(manifest, codeFileOf(page))
  starts.set(page, start)
  return start
}

/** Where the code of a page stands, below src/admin: `actionList` in `pages/action-list.tsx`. */
const codeFileOf = (page: PageKey): string =>
  `pages/${page.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.tsx`

/** As Vite wrote it. */
export function readManifest(): AppManifest {
  const path = join(FOLDER, 'manifest.json')
  if (!existsSync(path))
    throw new HoldfastError(
      'internal',
      'The pages of the app are missing in this checkout. Build them: npm run prepare.',
    )
  return manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
}

/** Styles of all pages are one file, which the manifest has by this name. */
const STYLES = 'style.css'
/** Of the letters that every page has; those of other languages are fetched where they occur. */
const FIRST_FONT = /-latin-wght-/

/**
 * The entry with everything that it imports before it runs, each once; and so the code of a page, if one is named.
 *
 * @throws HoldfastError `internal` when the build has no such page
 * @example
 * startOf({ 'main.tsx': { file: 'assets/main-1.js', isEntry: true } }).script // '/app/assets/main-1.js'
 */
export function startOf(built: AppManifest, page: string | null = null): AppStart {
  const [entry] = Object.keys(built).filter((name) => built[name].isEntry === true)
  if (page !== null && built[page] === undefined)
    throw new HoldfastError('internal', `The build of the app has no ${page}. Build it: npm run prepare.`)
  const seen = new Set<string>()
  const visit = (name: string): void => {
    if (seen.has(name)) return
    seen.add(name)
    for (const next of built[name]?.imports ?? []) visit(next)
  }
  visit(entry)
  if (page !== null) visit(page)
  const chunks = [...seen].map((name) => built[name])
  const at = (file: string): string => `/app/${file}`
  const whole = built[STYLES] === undefined ? [] : [built[STYLES].file]
  const styles = new Set([...whole, ...chunks.flatMap(({ css = [] }) => css)])
  const assets = new Set(chunks.flatMap((chunk) => chunk.assets ?? []))
  return {
    script: at(built[entry].file),
    modules: chunks.slice(1).map(({ file }) => at(file)),
    styles: [...styles].map(at),
    fonts: [...assets].filter((file) => FIRST_FONT.test(file)).map(at),
  }
}

interface Packed {
  readonly type: string
  readonly plain: Buffer
  readonly br: Buffer | null
  readonly gzip: Buffer | null
}

const packed = new Map<string, Packed>()

/** Read when it is first asked for; a name that the folder does not hold is no path into another one. */
function fileOf(name: string): Packed | null {
  const known = packed.get(name)
  if (known !== undefined) return known
  const folder = join(FOLDER, 'assets')
  const type = TYPES[extname(name)]
  if (type === undefined || !existsSync(folder) || !readdirSync(folder).includes(name)) return null
  const read = (ending: string): Buffer | null => {
    const path = join(folder, name + ending)
    return existsSync(path) ? readFileSync(path) : null
  }
  const file = { type, plain: readFileSync(join(folder, name)), br: read('.br'), gzip: read('.gz') }
  packed.set(name, file)
  return file
}

export const appFileRoute = route({
  method: 'get',
  path: '/app/assets/{file}',
  summary: 'A file of the app',
  tag: 'Pages',
  access: 'public',
  audience: 'page',
  params: z.strictObject({ file: z.string() }),
  headers: z.object({ 'accept-encoding': z.string().optional() }),
  answers: { 200: { description: 'The file', type: 'application/octet-stream' } },
  handle: ({ params, headers }) => {
    const file = fileOf(params.file)
    if (file === null) throw new HoldfastError('not_found', 'There is no such file.')
    const taken = headers['accept-encoding'] ?? ''
    const [bytes, encoding] =
      file.br !== null && /\bbr\b/.test(taken)
        ? [file.br, 'br']
        : file.gzip !== null && /\bgzip\b/.test(taken)
          ? [file.gzip, 'gzip']
          : [file.plain, null]
    return {
      status: 200,
      bytes,
      type: file.type,
      headers: {
        'Cache-Control': 'public, max-age=31536000, immutable',
        Vary: 'Accept-Encoding',
        ...(encoding === null ? {} : { 'Content-Encoding': encoding }),
      },
    }
  },
})
