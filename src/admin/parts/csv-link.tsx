/** All rows of a list under the same filters as a file for spreadsheets. */
import { Button } from '@mantine/core'
import { withQuery, type Filters } from '../api/query-string.ts'

/**
 * @param path of the list in the API
 * @example
 * <CsvLink path="/v1/approvals" filters={filters} />
 */
export function CsvLink({ path, filters = {} }: { path: string; filters?: Filters }) {
  return (
    <Button
      component="a"
      href={withQuery(path, { ...filters, format: 'csv' })}
      download
      variant="default"
      size="xs"
    >
      Export CSV
    </Button>
  )
}
