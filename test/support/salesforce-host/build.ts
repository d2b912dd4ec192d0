/**
 * The package's components as one script for a browser, with what Salesforce's platform brings along: the engine, the base
 * components, and stand-ins for Apex and for going to a record.
 */
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Plugin } from 'rollup'

const root = join(import.meta.dirname, '../../..')
export const WORKSPACE = join(root, 'manifest/salesforce/lwc')
export const MODULES = join(WORKSPACE, 'modules')
const STAND_INS = join(WORKSPACE, 'test/stand-ins')
const at = createRequire(join(WORKSPACE, 'package.json'))

/** Those that stand on a page by themselves. */
export const PAGES = ['holdfastCard', 'holdfastCustomers', 'holdfastSettings'] as const

/**
 * What `lightning-*` is: `lightning`, Salesforce's own base components as they are published, or `plain`, small ones of ours that
 * draw HTML's own controls, for where there is no browser.
 */
export type Base = 'lightning' | 'plain'

const built = new Map<Base, Promise<string>>()

/**
 * @returns a script that gives `window` a function `holdfastMount(name, properties, into)`. What it asks of Apex goes to
 *   `window.__apex(method, parameters)`, which promises the text that Apex gives; where it wants to go, to `window.__navigate(page)`
 * @example
 * await hostScript('plain')
 */
export function hostScript(base: Base): Promise<string> {
  const known = built.get(base) ?? cached(base)
  built.set(base, known)
  return known
}

/** Salesforce's base components take half a minute to compile: they are kept as long as nothing changed. */
async function cached(base: Base): Promise<string> {
  const key = createHash('sha256').update(base)
  for (const file of [
    ...globSync('{modules,test/stand-ins}/**/*.{js,html,css}', { cwd: WORKSPACE }).toSorted(),
    'package.json',
  ])
    key.update(file).update(readFileSync(join(WORKSPACE, file)))
  key.update(readFileSync(import.meta.filename))
  const folder = join(root, 'node_modules/.cache/holdfast-salesforce')
  const file = join(folder, `${base}-${key.digest('hex').slice(0, 16)}.js`)
  if (existsSync(file)) return readFileSync(file, 'utf8')
  const script = await build(base)
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${file}.${process.pid}`, script)
  renameSync(`${file}.${process.pid}`, file)
  return script
}

async function build(base: Base): Promise<string> {
  // Both take seconds to load, and are needed only when something changed.
  const [{ default: lwc }, { rollup }] = await Promise.all([import('@lwc/rollup-plugin'), import('rollup')])
  const bundle = await rollup({
    input: 'host',
    onwarn: () => undefined,
    plugins: [
      platform(base),
      lwc({
        rootDir: MODULES,
        defaultModules: [{ npm: '@lwc/engine-dom' }, { npm: '@lwc/synthetic-shadow' }],
        sourcemap: false,
        // Salesforce's base components have them in its synthetic shadow too.
        enableSyntheticElementInternals: true,
        modules: base === 'lightning' ? [{ npm: 'lightning-base-components' }] : [{ dir: STAND_INS }],
      }),
    ],
  })
  const { output } = await bundle.generate({
    format: 'iife',
    inlineDynamicImports: true,
    // Where there is no browser, the engine says what a component does that it should not.
    intro: `const process = { env: { NODE_ENV: '${base === 'plain' ? 'development' : 'production'}' } }`,
  })
  await bundle.close()
  return output[0].code
}

const HOST = '\0host'
const VIRTUAL = '\0platform:'

/** What a component imports that is no file of the package. */
function platform(base: Base): Plugin {
  return {
    name: 'salesforce-platform',
    resolveId(name) {
      if (name === 'host') return HOST
      if (name.startsWith('c/')) return join(MODULES, name.slice(2), `${name.slice(2)}.js`)
      if (name.startsWith('@salesforce/apex/') || name === 'lightning/navigation') return VIRTUAL + name
      // Ten thousand icons, of which a page here shows a few.
      if (name.startsWith('lightning/iconSvgTemplates')) return VIRTUAL + name
      return null
    },
    resolveImportMeta: (property) => (property === 'env' ? '({ SSR: false })' : null),
    load(id) {
      if (id === HOST) return host(base)
      if (!id.startsWith(VIRTUAL)) return null
      const name = id.slice(VIRTUAL.length)
      if (name === 'lightning/navigation') return NAVIGATION
      if (name === 'lightning/iconSvgTemplatesUtility') return icons()
      if (name.startsWith('lightning/')) return 'export default {}'
      return apex(name.slice('@salesforce/apex/'.length))
    },
  }
}

const host = (base: Base): string => `
${base === 'lightning' ? "import '@lwc/synthetic-shadow'" : ''}
import { createElement } from 'lwc'
${PAGES.map((name) => `import ${name} from 'c/${name}'`).join('\n')}
const pages = { ${PAGES.join(', ')} }
window.holdfastMount = (name, properties, into) => {
  const element = createElement('c-' + name.replace(/[A-Z]/g, (letter) => '-' + letter.toLowerCase()), { is: pages[name] })
  Object.assign(element, properties)
  into.appendChild(element)
  return element
}`

/** As Salesforce refuses: what Apex threw stands in the body. Names of methods are its own, of classes the package's. */
const apex = (method: string): string => `
export default async (parameters) => {
  let answer
  try { answer = await window.__apex(${JSON.stringify(method)}, parameters) }
  catch (error) { throw error.body ? error : { status: 500, body: { message: error.message } } }
  return ${method.startsWith('HoldfastSetup.') ? "typeof answer === 'string' && answer !== '' ? JSON.parse(answer) : answer" : 'answer'}
}`

const NAVIGATION = `
const Navigate = Symbol('Navigate')
export const NavigationMixin = (Base) => class extends Base { [Navigate](page) { window.__navigate(page) } }
NavigationMixin.Navigate = Navigate`

const SHOWN = [
  'chevronright',
  'chevrondown',
  'check',
  'down',
  'info',
  'error',
  'trending',
  'settings',
  'close',
]

function icons(): string {
  const folder = join(
    dirname(at.resolve('lightning-base-components/package.json')),
    'src/lightning/iconSvgTemplatesUtility/buildTemplates/utility',
  )
  return `${SHOWN.map((name) => `import ${name} from ${JSON.stringify(join(folder, `${name}.html`))}`).join('\n')}
export default { ${SHOWN.map((name) => `'utility_${name}': ${name}`).join(', ')} }`
}
