/** What a file connection is checked for. */
import { access, constants } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Check } from '../../src/contracts/checks.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { TableProfile } from '../../src/contracts/table.ts'
import { besideFile } from './beside-file.ts'
import type { FileColumns } from './file-columns.ts'

export interface VerifiedFile {
  readonly path: string
  file(): Promise<{ readonly profile: TableProfile; readonly columns: FileColumns }>
  allIds(): Promise<ReadonlySet<string>>
}

/** Readable, with ids that tell customers apart, addresses, and a place to write back to. */
export async function verifyFile({ path, file, allIds }: VerifiedFile): Promise<readonly Check[]> {
  const name = basename(path)
  const checks: Check[] = []
  const failed = (what: string, error: unknown): readonly Check[] => {
    if (!(error instanceof HoldfastError)) throw error
    return [...checks, { name: what, status: 'failed', message: error.message }]
  }
  let columns: FileColumns
  try {
    const found = await file()
    columns = found.columns
    checks.push({ name: 'File', status: 'ok', message: `${path} has ${found.profile.rows} rows.` })
  } catch (error) {
    return failed('File', error)
  }
  try {
    const { size } = await allIds()
    checks.push({
      name: 'Customer ids',
      status: 'ok',
      message: `"${columns.id}" tells ${size} customers apart.`,
    })
  } catch (error) {
    return failed('Customer ids', error)
  }
  checks.push(
    columns.email === null
      ? {
          name: 'E-mail addresses',
          status: 'off',
          message: `No column of ${name} holds e-mail addresses, so nobody can be sent an e-mail. Name one with "emailColumn" of the connection.`,
        }
      : { name: 'E-mail addresses', status: 'ok', message: `They stand in "${columns.email}".` },
  )
  const folder = dirname(path)
  const writable = await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  )
  const { path: target } = besideFile(path, columns.id!)
  checks.push(
    writable
      ? {
          name: 'Write-back',
          status: 'ok',
          message: `Risk and suggestions go into ${target}; ${name} itself is never touched.`,
        }
      : {
          name: 'Write-back',
          status: 'failed',
          message: `${target} cannot be written: ${folder} is not writable. Allow it, or turn the write-back off.`,
        },
  )
  return checks
}
