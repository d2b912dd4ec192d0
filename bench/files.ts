/**
 * What reading and writing customer files costs, phase by phase, for 7,000 and 1,000,000 generated customers of
 * 20 columns. The ratio is against DuckDB merely counting the rows of the same file, the least that any reader
 * must do. Run: node bench/files.ts
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase, pathLiteral } from '../connectors/csv/duckdb.ts'
import { openTable } from '../connectors/csv/open.ts'
import { createPlanFile, type PlanColumn } from '../connectors/csv/plan-file.ts'
import { worldColumns } from '../connectors/world/customers.ts'
import { writeWorld } from '../connectors/world/write.ts'
import type { ColumnProfile, ColumnRequest } from '../src/contracts/table.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
const left = new Set([
  'company',
  'email',
  'gender',
  'agreement_start',
  'notice_days',
  'auto_renewal',
  'currency',
])
const columns = worldColumns
  .map(({ name }) => name)
  .filter((name) => !left.has(name))
  .slice(0, 20)
try {
  for (const rows of [7000, 1_000_000]) await measure(rows)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function measure(rows: number): Promise<void> {
  const path = join(folder, `${rows}.csv`)
  const times: Record<string, number> = {}
  times.generate = await timed(() => writeWorld(path, { seed: 1, rows, columns }))
  times.count = await timed(() => count(path))
  const table = await openTable(path)
  try {
    let requests: ColumnRequest[] = []
    times.profile = await timed(async () => {
      requests = (await table.profile()).columns.map(requestOf)
    })
    times.read = await timed(async () => {
      for await (const batch of table.read(requests)) if (batch.rows === 0) throw new Error('an empty batch')
    })
  } finally {
    await table.close()
  }
  for (const format of ['csv', 'parquet']) {
    times[`plan as ${format}`] = await timed(() => writePlan(join(folder, `plan.${format}`), rows))
  }
  console.log(`\n${rows.toLocaleString('en')} rows x ${columns.length} columns`)
  for (const [phase, ms] of Object.entries(times)) {
    console.log(
      `${phase.padEnd(16)}${ms.toFixed(0).padStart(8)} ms${(ms / times.count).toFixed(1).padStart(8)} x count`,
    )
  }
  console.log(`peak memory     ${(process.resourceUsage().maxRSS / 1024).toFixed(0).padStart(8)} MB`)
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

async function count(path: string): Promise<void> {
  const database = await openDatabase({ threads: 2, memoryMb: 512, spillFolder: join(folder, 'spill') })
  await database.run(`SELECT count(*) FROM read_csv(${pathLiteral(path)})`)
  database.close()
}

function requestOf({ header, kind, values }: ColumnProfile): ColumnRequest {
  if (kind === 'number' || kind === 'date') return { column: header, as: kind }
  if (kind === 'category')
    return { column: header, as: 'category', categories: values.map(({ value }) => value) }
  return { column: header, as: 'text' }
}

/** A plan of 13 columns with reasons of some 150 characters. */
async function writePlan(path: string, rows: number): Promise<void> {
  const text = ['CustomerID', 'RiskLevel', 'RecommendedAction', 'Reasons', 'ModelVersion']
  const number = ['Tenure', 'MonthlyCharges', 'ChurnProbability', 'ActionID', 'ActionCost', 'ExpectedValue']
  const plan = createPlanFile(path, [
    ...text.map((name): PlanColumn => ({ name, type: 'text' })),
    ...[...number, 'Propensity', 'DataConfidence'].map((name): PlanColumn => ({
      name,
      type: 'number',
      decimals: 4,
    })),
  ])
  const reason =
    'Month-to-month: twice the usual risk; usage fell 62 % in 30 days; 4 support tickets in 90 days, usually 1; a customer for 3 months, usually 29; "late" twice'
  for (let at = 0; at < rows; at += 65_536) {
    const size = Math.min(65_536, rows - at)
    const texts = text.map((name) =>
      Array.from({ length: size }, (_, i) =>
        name === 'Reasons' ? reason : name === 'CustomerID' ? `C-${at + i}` : name,
      ),
    )
    const numbers = Array.from({ length: 8 }, (_, k) =>
      Float64Array.from({ length: size }, (_, i) => (i * (k + 1)) / 7),
    )
    await plan.append([...texts, ...numbers])
  }
  await plan.commit()
}
