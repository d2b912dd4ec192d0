/** IBM's Telco customers as training data, read by a few lines of their own so that the models are tested alone. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const telcoPath = fileURLToPath(new URL('../../../../shared/data/telco.csv', import.meta.url))

/** Protected and household columns, and the id: none of them a feature. */
const leftOut = new Set(['customerID', 'gender', 'SeniorCitizen', 'Partner', 'Dependents', 'Churn'])
const numbers = new Set(['tenure', 'MonthlyCharges', 'TotalCharges'])

export interface Telco {
  readonly design: Float32Array
  readonly rows: number
  readonly width: number
  readonly labels: Uint8Array
  readonly names: readonly string[]
  readonly tenure: Float32Array
}

/** One column a number, one a category with two values, k a category with k. */
export function readTelco(): Telco {
  const [header, ...lines] = readFileSync(telcoPath, 'utf8').trim().split(/\r?\n/)
  const names = header.split(',')
  const cells = lines.map((line) => line.split(','))
  const columns: { name: string; values: Float32Array }[] = []
  names.forEach((name, at) => {
    if (leftOut.has(name)) return
    const column = cells.map((row) => row[at])
    if (numbers.has(name)) {
      columns.push({ name, values: Float32Array.from(column, (v) => (v.trim() === '' ? NaN : Number(v))) })
      return
    }
    const categories = [...new Set(column)].sort()
    const shown = categories.length === 2 ? categories.slice(1) : categories
    for (const category of shown) {
      const values = Float32Array.from(column, (v) => (v === category ? 1 : 0))
      columns.push({ name: `${name}=${category}`, values })
    }
  })
  const rows = cells.length
  const width = columns.length
  const design = new Float32Array(rows * width)
  columns.forEach(({ values }, column) => {
    for (let row = 0; row < rows; row++) design[row * width + column] = values[row]
  })
  const churn = names.indexOf('Churn')
  const tenureAt = names.indexOf('tenure')
  return {
    design,
    rows,
    width,
    labels: Uint8Array.from(cells, (row) => (row[churn] === 'Yes' ? 1 : 0)),
    names: columns.map(({ name }) => name),
    tenure: Float32Array.from(cells, (row) => Number(row[tenureAt])),
  }
}
