/**
 * Builds the bundles that ship in models/artefacts, byte for byte the same each time:
 *
 *   npm run models                      all of them
 *   npm run models -- telco policy      some of them
 *   npm run models -- --check           builds aside and compares with what is there
 *
 * The telco model needs the IBM Telco customer churn file (../shared/data/telco.csv, or --telco FILE). Where it
 * is absent that bundle is left as it is, and the command says so.
 */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { canonicalJson } from '../models/canonical-json.ts'
import { writeBundle } from '../models/onnx/bundle.ts'
import { buildPolicy } from './build-policy.ts'
import { buildSubscription, buildTelco, type BuiltModel } from './build-starters.ts'

const root = resolve(import.meta.dirname, '..')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: 'boolean', default: false },
    telco: { type: 'string', default: join(root, '../shared/data/telco.csv') },
  },
})

const builders: Readonly<Record<string, () => Promise<BuiltModel>>> = {
  telco: () => buildTelco(values.telco),
  subscription: async () => ({ contents: await buildSubscription() }),
  policy: async () => ({ contents: await buildPolicy() }),
}

const wanted = Object.keys(builders).filter((name) => positionals.length === 0 || positionals.includes(name))
let different = false
for (const name of wanted) {
  if (name === 'telco' && !existsSync(values.telco)) {
    process.stdout.write(`telco: skipped, ${values.telco} is absent\n`)
    continue
  }
  const started = performance.now()
  const { contents, evaluation } = await builders[name]()
  const folder = join(root, 'models/artefacts', name)
  const target = values.check ? join(mkdtempSync(join(tmpdir(), 'holdfast-models-')), name) : folder
  const { hash } = await writeBundle(target, contents)
  // Beside the bundle and not in it: what is measured of a model is no part of it.
  if (evaluation !== undefined)
    writeFileSync(join(target, 'evaluation.json'), `${canonicalJson({ bundle: hash, evaluation })}\n`)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  if (values.check) {
    const changed = differences(folder, target)
    different ||= changed.length > 0
    rmSync(target, { recursive: true })
    process.stdout.write(
      `${name}: ${changed.length === 0 ? 'the same' : `differs in ${changed.join(', ')}`} (${seconds} s)\n`,
    )
  } else {
    process.stdout.write(`${name}: ${hash} (${seconds} s)\n`)
  }
}
process.exitCode = different ? 1 : 0

/** Names of files that differ between two folders. */
function differences(a: string, b: string): string[] {
  const names = new Set([...(existsSync(a) ? readdirSync(a) : []), ...readdirSync(b)])
  return [...names].filter((name) => {
    const [left, right] = [join(a, name), join(b, name)]
    return !existsSync(left) || !existsSync(right) || !readFileSync(left).equals(readFileSync(right))
  })
}
