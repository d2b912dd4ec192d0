/**
 * Builds the app's pages (Vite, vite.admin.config.ts) and packs each file, so that the server only hands out; npm runs it
 * after `npm ci`. Prints what the first page loads. What was built before stays until all is there: a server that is running
 * goes on.
 */
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'vite'
import { readManifest, startOf } from '../src/server/app-files.ts'

// Whatever else runs here: somebody with another one set would hand out the libraries' development builds, which are slower
// and larger, and do everything twice.
process.env['NODE_ENV'] = 'production'

const root = resolve(import.meta.dirname, '..')
const built = join(root, 'src/admin/built')
const making = `${built}.${process.pid}`
await build({
  configFile: join(root, 'vite.admin.config.ts'),
  logLevel: 'warn',
  build: { outDir: making },
})

const assets = join(making, 'assets')
const sizes = new Map<string, number>()
for (const name of readdirSync(assets)) {
  if (!/\.(js|css|svg)$/.test(name)) continue
  const bytes = readFileSync(join(assets, name))
  const gzip = gzipSync(bytes, { level: 9 })
  sizes.set(name, gzip.length)
  writeFileSync(join(assets, `${name}.gz`), gzip)
  writeFileSync(
    join(assets, `${name}.br`),
    brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
  )
}

const before = `${making}.before`
if (existsSync(built)) renameSync(built, before)
renameSync(making, built)
rmSync(before, { recursive: true, force: true })

const { script, modules, styles } = startOf(readManifest())
const size = (paths: readonly string[]): string =>
  (paths.reduce((sum, path) => sum + (sizes.get(path.split('/').at(-1)!) ?? 0), 0) / 1000).toFixed(0)
process.stdout.write(
  `src/admin/built: every page begins with ${size([script, ...modules])} kB of JavaScript and ${size(styles)} kB of styles (gzip)\n`,
)
