/**
 * Run in a mount namespace of its own by plan-file.test.ts: fills a real disk of 1 MB with a plan, and prints
 * what the writer said and left. Arguments: the folder where the disk is mounted, the plan's name.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HoldfastError } from '../../../src/contracts/errors.ts'
import { createPlanFile } from '../../../connectors/csv/plan-file.ts'

const [disk, name] = process.argv.slice(2)
const path = join(disk, name)
writeFileSync(path, 'old')
const said = await fill().catch((error: unknown) =>
  error instanceof HoldfastError ? error.code : String(error),
)
process.stdout.write(JSON.stringify({ said, left: readdirSync(disk), plan: readFileSync(path, 'utf8') }))

async function fill(): Promise<string> {
  const plan = createPlanFile(path, [
    { name: 'CustomerID', type: 'text' },
    { name: 'Reasons', type: 'text' },
  ])
  const ids = Array.from({ length: 20_000 }, (_, i) => `customer ${i}`)
  for (let i = 0; i < 20; i++) await plan.append([ids, ids.map((id) => `reason ${Math.sin(i)} of ${id}`)])
  await plan.commit()
  return 'written'
}
