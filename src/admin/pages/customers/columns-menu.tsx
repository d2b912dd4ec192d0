/** Which columns are shown. */
import { Button, Checkbox, Popover } from '@mantine/core'
import { CUSTOMER_COLUMNS } from '../../../contracts/customer-views.ts'
import type { CustomerQuery } from './query.ts'
import { COLUMN_WORDS } from './words.ts'
import style from './customers.module.css'

export function ColumnsMenu({ query: { columns, setColumns } }: { query: CustomerQuery }) {
  return (
    <Popover position="bottom-end" width={220} trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" size="xs">
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Columns">
        <fieldset className={style.options} aria-label="Columns besides the name">
          {CUSTOMER_COLUMNS.map((column) => (
            <Checkbox
              key={column}
              size="xs"
              label={COLUMN_WORDS[column]}
              checked={columns.includes(column)}
              onChange={(event) =>
                setColumns(
                  event.currentTarget.checked
                    ? [...columns, column]
                    : columns.filter((one) => one !== column),
                )
              }
            />
          ))}
        </fieldset>
      </Popover.Dropdown>
    </Popover>
  )
}
