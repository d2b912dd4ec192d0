/** The figures of a chart as a table, below each of them. */
import { useRef, type ReactNode } from 'react'
import style from './as-table.module.css'
import { TableFile } from './table-file.tsx'

export function AsTable({
  caption,
  heads,
  rows,
}: {
  caption: string
  heads: readonly ReactNode[]
  rows: readonly (readonly ReactNode[])[]
}) {
  const table = useRef<HTMLTableElement>(null)
  return (
    <details className={style.details}>
      <summary>View as table</summary>
      <div className={style.place}>
        <table ref={table}>
          <caption className="unseen">{caption}</caption>
          <thead>
            <tr>
              {heads.map((head, at) => (
                <th key={at} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((cells, row) => (
              <tr key={row}>
                {cells.map((cell, at) =>
                  at === 0 ? (
                    <th key={at} scope="row">
                      {cell}
                    </th>
                  ) : (
                    <td key={at}>{cell}</td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <TableFile table={table} name={nameOf(caption)} />
    </details>
  )
}

/** "Risk across the book, in steps" as `risk-across-the-book-in-steps`. */
const nameOf = (caption: string): string =>
  caption
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 60)
