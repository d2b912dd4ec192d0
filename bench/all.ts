/**
 * Every benchmark, one after the other: `npm run bench`, or `npm run bench:short` for sizes that take a minute.
 * They print ratios against a peer or a limit measured in the same run, and judge nothing.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const short = process.argv.includes('--short')
/** Arguments for the short run; null leaves a benchmark out of it. */
const benches: readonly (readonly [file: string, shortArguments: readonly string[] | null])[] = [
  ['score.ts', ['--rows', '100000', '--repeats', '1']],
  ['files.ts', null],
  ['train.ts', ['--rows', '50000', '--trees', '30']],
  ['reasons.ts', null],
  ['onnx.ts', null],
  ['allocate.ts', null],
  ['what-if.ts', ['7043']],
  ['what-if-book.ts', ['10000']],
  ['preview.ts', ['--customers', '10000']],
  ['policy.ts', null],
  ['loop.ts', ['--customers', '5000']],
  ['hubspot.ts', ['--contacts', '3000', '--speed', '20']],
  ['salesforce.ts', ['--accounts', '20000', '--page', '2000']],
  ['webhook.ts', ['--customers', '300', '--changes', '20', '--burst', '10']],
  ['portals.ts', null],
  ['api.ts', ['--short']],
  ['app.ts', ['--rounds', '3']],
  ['customers.ts', ['--short']],
  ['card.ts', ['--short']],
  ['signatures.ts', ['--short']],
  ['fairness.ts', ['--tenants', '50', '--rounds', '1']],
  ['dispatch.ts', ['--count', '500', '--rounds', '1']],
]

let failed = false
for (const [file, shortArguments] of benches) {
  if (short && shortArguments === null) continue
  process.stdout.write(`\n== ${file}\n`)
  const { status } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, file), ...(short ? (shortArguments ?? []) : [])],
    { stdio: 'inherit' },
  )
  failed ||= status !== 0
}
process.exitCode = failed ? 1 : 0
