/** Small files for tests, each in a folder that goes when the test ends. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openTable, type OpenOptions } from '../../../connectors/csv/open.ts'
import type { ColumnRequest, TableProfile, TableSource } from '../../../src/contracts/table.ts'

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export function file(content: string | Uint8Array, name = 'customers.csv'): string {
  const path = join(folder(), name)
  writeFileSync(path, content)
  return path
}

export async function withTable<T>(
  path: string,
  work: (table: TableSource) => Promise<T>,
  options?: OpenOptions,
): Promise<T> {
  const table = await openTable(path, options)
  try {
    return await work(table)
  } finally {
    await table.close()
  }
}

export async function profileOf(content: string | Uint8Array, name?: string): Promise<TableProfile> {
  return withTable(file(content, name), (table) => table.profile())
}

/** All rows of the asked columns. */
export async function readAll(
  table: TableSource,
  requests: readonly ColumnRequest[],
  batchRows?: number,
): Promise<(string | number | null)[][]> {
  const out: (string | number | null)[][] = requests.map(() => [])
  for await (const batch of table.read(requests, batchRows === undefined ? undefined : { batchRows })) {
    batch.columns.forEach((column, i) => out[i].push(...column))
  }
  return out
}
