/** A table that is all on the page as a file for spreadsheets, as it is read there. Lists have {@link CsvLink}: all their rows. */
import { Button } from '@mantine/core'
import type { RefObject } from 'react'
import { offerFile } from '../api/save-file.ts'
import { csvOf } from '../words/csv.ts'

/**
 * @param name of the file, without its ending
 * @example
 * <TableFile table={table} name="budget" />
 */
export function TableFile({ table, name }: { table: RefObject<HTMLTableElement | null>; name: string }) {
  const save = () => {
    const rows = [...(table.current?.rows ?? [])].map(({ cells }) => [...cells].map(textOf))
    offerFile(new Blob([csvOf(rows)], { type: 'text/csv;charset=utf-8' }), `${name}.csv`)
  }
  return (
    <Button variant="subtle" size="compact-xs" onClick={save}>
      Export CSV<span className="unseen">: {name.replaceAll('-', ' ')}</span>
    </Button>
  )
}

/** What one reads, or has typed, in a cell. */
function textOf(cell: HTMLTableCellElement): string {
  const field = cell.querySelector('input')
  return (field === null ? cell.innerText : field.value).replaceAll(/\s+/g, ' ').trim()
}
