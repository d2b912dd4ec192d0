/** IBM's Telco customers encoded by the reference's rules, and what was published of its simulator. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const path = join(import.meta.dirname, '../../../../shared/data/telco.csv')

/** Why a test on these customers skips, for its name; empty when they are there. */
export const withoutTelco = existsSync(path) ? '' : ' (skipped: ../shared/data/telco.csv is not there)'

/** The 1 / 12 / 36-month table, over 7,043 customers: counts by action, dollars a customer. */
export const published = [
  { months: 1, counts: [574, 127, 399, 0, 292, 5651], optimal: 2091.6, call: 2090.0, never: 1617.2 },
  { months: 12, counts: [2055, 482, 1048, 0, 522, 2936], optimal: 1923.7, call: 1840.6, never: 1617.2 },
  { months: 36, counts: [3100, 958, 1549, 0, 991, 445], optimal: 1730.5, call: 1296.6, never: 1617.2 },
]

const codes: Record<string, number> = { No: 0, Yes: 1, Female: 0, Male: 1 }
const serviceCodes: Record<string, number> = {
  'No internet service': 0,
  'No phone service': 0,
  No: 1,
  Yes: 2,
}
const internetCodes: Record<string, number> = { No: 0, DSL: 1, 'Fiber optic': 2 }
const contractCodes: Record<string, number> = { 'Month-to-month': 0, 'One year': 1, 'Two year': 2 }
const services = new Set([
  'MultipleLines',
  'OnlineSecurity',
  'OnlineBackup',
  'DeviceProtection',
  'TechSupport',
  'StreamingTV',
  'StreamingMovies',
])

export interface ReferenceTelco {
  readonly rows: number
  readonly width: number
  /** Row-major, rows x 22: columns in the file's order, then one of 0 and 1 for each way to pay. */
  readonly design: Float32Array
  readonly labels: Uint8Array
  readonly charge: Float64Array
  readonly ids: readonly string[]
}

/** Ordinal codes, a blank total as 0, protected columns included: its encoding, not ours. */
export function readReferenceTelco(): ReferenceTelco {
  const [head, ...body] = readFileSync(path, 'utf8')
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','))
  const column = (name: string): string[] => body.map((row) => row[head.indexOf(name)])
  const features = head.filter((name) => !['customerID', 'PaymentMethod', 'Churn'].includes(name))
  const paid = column('PaymentMethod')
  const columns = [
    ...features.map((name) => column(name).map((value) => encode(name, value))),
    ...[...new Set(paid)].sort().map((way) => paid.map((value) => Number(value === way))),
  ]
  const rows = body.length
  const width = columns.length
  const design = new Float32Array(rows * width)
  for (const [i, values] of columns.entries())
    for (let row = 0; row < rows; row++) design[row * width + i] = values[row]
  return {
    rows,
    width,
    design,
    labels: Uint8Array.from(column('Churn'), (value) => Number(value === 'Yes')),
    charge: Float64Array.from(column('MonthlyCharges'), Number),
    ids: column('customerID'),
  }
}

function encode(name: string, value: string): number {
  if (services.has(name)) return serviceCodes[value]
  if (name === 'InternetService') return internetCodes[value]
  if (name === 'Contract') return contractCodes[value]
  return codes[value] ?? Number(value)
}
