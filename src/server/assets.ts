/** Files of pages: named by their content, so that browsers keep them for good. */
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { HoldfastError } from '../contracts/errors.ts'
import { route } from './route.ts'
import { pageStyle } from './style.ts'
import { z } from 'zod'

interface Asset {
  readonly path: string
  readonly type: string
  readonly bytes: Buffer
}

const assets = new Map<string, Asset>()
const byPath = new Map<string, Asset>()

/**
 * Where a page finds a file: `/assets/<name>-<hash>.<ending>`.
 *
 * @throws HoldfastError `internal` when nobody added it
 */
export function assetPath(name: string): string {
  const asset = assets.get(name)
  if (asset === undefined) throw new HoldfastError('internal', `No page has a file ${name}.`)
  return asset.path
}

/**
 * Adds a file, when the module that needs it is loaded.
 *
 * @example
 * addAsset('book.css', 'text/css', css)
 */
export function addAsset(name: string, type: string, content: string | Buffer): string {
  const bytes = Buffer.from(content)
  const at = name.lastIndexOf('.')
  const file = `${name.slice(0, at)}-${hash('sha256', bytes, 'hex').slice(0, 12)}${name.slice(at)}`
  const asset = { path: `/assets/${file}`, type, bytes }
  assets.set(name, asset)
  byPath.set(file, asset)
  return asset.path
}

const fromPackage = createRequire(import.meta.url)

/** A file of an installed package, such as a font. */
export function addPackagedAsset(name: string, type: string, file: string): string {
  return addAsset(name, type, readFileSync(fromPackage.resolve(file)))
}

addAsset(
  'page.css',
  'text/css; charset=utf-8',
  pageStyle((subset) =>
    addPackagedAsset(
      `inter-${subset}.woff2`,
      'font/woff2',
      `@fontsource-variable/inter/files/inter-${subset}-wght-normal.woff2`,
    ),
  ),
)
addAsset(
  'icon.svg',
  'image/svg+xml',
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#155e63"/><path d="M5 3.5v9M11 3.5v9M5 8h6" stroke="#fff" stroke-width="1.8" stroke-linecap="round"/></svg>',
)

// Before anything is painted, so that no light page flashes in the dark; the policy allows no script in the page itself.
// What a page of the app reads first is asked for here as well, long before its code came (src/admin/api/early.ts).
addAsset(
  'scheme.js',
  'text/javascript; charset=utf-8',
  `try{var c=localStorage.getItem('mantine-color-scheme-value')}catch(e){}
if(c!=='light'&&c!=='dark')c=matchMedia('(prefers-color-scheme: dark)').matches?'dark':'light'
document.documentElement.setAttribute('data-mantine-color-scheme',c)
var r=document.currentScript.dataset.reads
if(r&&!location.search){window.holdfastReads={}
r.split(' ').forEach(function(p){window.holdfastReads[p]=fetch(p,{headers:{Accept:'application/json'}}).catch(function(){})})}`,
)

export const assetRoute = route({
  method: 'get',
  path: '/assets/{file}',
  summary: 'A file of a page',
  tag: 'Pages',
  access: 'public',
  audience: 'page',
  params: z.strictObject({ file: z.string() }),
  answers: { 200: { description: 'The file', type: 'application/octet-stream' } },
  handle: ({ params }) => {
    const asset = byPath.get(params.file)
    if (asset === undefined) throw new HoldfastError('not_found', 'There is no such file.')
    return {
      status: 200,
      bytes: asset.bytes,
      type: asset.type,
      headers: { 'Cache-Control': 'public, max-age=31536000, immutable' },
    }
  },
})
