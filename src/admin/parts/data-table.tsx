/**
 * Rows of a list. On a phone each row becomes two lines: what `phone: 'first'` says stands in the first, the rest below
 * it. The whole row leads where its first cell's link leads.
 */
import { Button } from '@mantine/core'
import { useRef, type ReactNode } from 'react'
import type { ReadList } from '../api/queries.ts'
import { Empty } from './empty.tsx'
import { Failure } from './loaded.tsx'
import { RowsPending } from './pending.tsx'
import { TableFile } from './table-file.tsx'
import style from './data-table.module.css'

export interface Column<Row> {
  readonly key: string
  readonly title: ReactNode
  cell(row: Row): ReactNode
  /** Amounts and counts stand to the right. */
  readonly figure?: boolean
  /** On a phone: in the first line, in the second (default), or not at all. */
  readonly phone?: 'first' | 'second' | 'never'
  /** As CSS has it; the widest column takes what is left. */
  readonly width?: string
  /** Makes the title a button. */
  readonly sort?: { readonly now: 'ascending' | 'descending' | null; choose(): void }
}

export interface DataTableProps<Row> {
  /** What the rows are, for screen readers: "Customers, the most to lose first". */
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  id(row: Row): string | number
  /** Name of the file that it can be taken as, without its ending. */
  readonly file?: string
}

/** A table of rows that are all there. */
export function DataTable<Row>({ caption, columns, rows, id, file }: DataTableProps<Row>) {
  const table = useRef<HTMLTableElement>(null)
  return (
    <div className={style.place}>
      <table ref={table} className={style.table}>
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ key, title, figure = false, width, sort }) => (
              <th
                key={key}
                scope="col"
                className={figure ? style.figure : undefined}
                style={width === undefined ? undefined : { width }}
                aria-sort={sort === undefined ? undefined : (sort.now ?? 'none')}
              >
                {sort === undefined ? (
                  title
                ) : (
                  <button type="button" className={style.sort} onClick={sort.choose}>
                    {title}
                    <span aria-hidden="true" className={style.arrow}>
                      {sort.now === 'descending' ? '↓' : sort.now === 'ascending' ? '↑' : ''}
                    </span>
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={id(row)}>
              {columns.map(({ key, title, cell, figure = false, phone = 'second' }) => (
                <td
                  key={key}
                  // On a phone a number says what it counts.
                  data-label={figure && typeof title === 'string' ? title : undefined}
                  className={`${figure ? style.figure : ''} ${phone === 'first' ? style.first : phone === 'never' ? style.never : ''}`}
                >
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {file !== undefined && rows.length > 0 && (
        <div className={style.file}>
          <TableFile table={table} name={file} />
        </div>
      )}
    </div>
  )
}

/** A list as it is read page by page, with everything that can become of it. */
export function ListTable<Row>({
  list,
  empty,
  ...table
}: Omit<DataTableProps<Row>, 'rows' | 'file'> & {
  list: ReadList<Row>
  /** Said where there is nothing: what will be here, or which filter to take away. */
  empty: { readonly title: string; readonly text?: ReactNode; readonly action?: ReactNode }
}) {
  const { items, error, changing, more, fetchingMore, fetchMore, retry } = list
  if (items === undefined)
    return error === null ? <RowsPending rows={10} /> : <Failure error={error} retry={retry} />
  if (items.length === 0 && !changing)
    return (
      <Empty title={empty.title} action={empty.action}>
        {empty.text}
      </Empty>
    )
  return (
    <div aria-busy={changing} className={changing ? style.changing : undefined}>
      {error !== null && <Failure error={error} retry={retry} />}
      <DataTable {...table} rows={items} />
      {more && (
        <Button variant="default" onClick={fetchMore} loading={fetchingMore} mt="sm">
          Show more
        </Button>
      )}
    </div>
  )
}
