/** Customers by value at risk: whom to call first. */
import {
  Alert,
  Button,
  EmptyState,
  ErrorState,
  Flex,
  Inline,
  Link,
  LoadingSpinner,
  Select,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableHeader,
  TableRow,
  Text,
} from '@hubspot/ui-extensions'
import { useState } from 'react'
import { withQuery } from './ask.ts'
import type { CardLine, CardList } from './contract.ts'
import { Notices } from './notices.tsx'
import { PATHS } from './place.ts'
import { Level } from './risk.tsx'
import { useAsked } from './use-asked.ts'

export interface Portal {
  readonly id: number
  /** Where its data is kept: `na1`, `eu1` …; HubSpot tells it, though its types do not. */
  readonly dataHostingLocation?: string
}

/**
 * @example
 * <Customers portal={context.portal} />
 */
export function Customers({ portal }: { readonly portal: Portal }) {
  const [whose, setWhose] = useState<CardList['whose']>('mine')
  // Where each page that was looked at begins, the first first.
  const [pages, setPages] = useState<readonly (string | null)[]>([null])
  const list = useAsked<CardList>(withQuery(PATHS.customers, { whose, after: pages.at(-1) ?? null }), {
    keep: true,
  })
  const { value } = list

  const chooser = (
    <Select
      label="Whose customers"
      name="whose"
      value={whose}
      readOnly={list.reading}
      options={[
        { value: 'mine', label: 'Mine' },
        { value: 'all', label: 'All' },
      ]}
      onChange={(chosen) => {
        setPages([null])
        setWhose(chosen === 'all' ? 'all' : 'mine')
      }}
    />
  )
  if (value === null && list.trouble === null)
    return <LoadingSpinner label="Loading customers" layout="centered" showLabel />
  if (value === null)
    return (
      <ErrorState title="The customers could not be read">
        <Text>{list.trouble?.text}</Text>
        <Inline gap="xs">
          <Button onClick={list.again} disabled={list.reading}>
            Try again
          </Button>
          {pages.length > 1 ? (
            <Button variant="secondary" onClick={() => setPages([null])}>
              From the beginning
            </Button>
          ) : null}
        </Inline>
      </ErrorState>
    )

  return (
    <Flex direction="column" gap="md">
      <Text format={{ fontWeight: 'demibold' }}>{value.sentence}</Text>
      <Notices notices={value.notices} />
      {list.trouble === null ? null : (
        <Alert title="This could not be read again" variant="warning">
          {list.trouble.text}
        </Alert>
      )}
      {value.mayAll ? chooser : null}
      {list.reading ? <LoadingSpinner label="Loading customers" showLabel /> : null}
      {value.lines.length === 0 ? (
        <EmptyState
          title="Nobody is at risk here"
          imageName="target"
          layout="vertical"
          imageWidth={120}
          flush
        >
          <Text>
            {value.whose === 'mine'
              ? 'Customers that you are the owner of in HubSpot stand here once they were scored, the most value at risk first.'
              : 'Customers stand here once they were scored, the most value at risk first.'}
          </Text>
        </EmptyState>
      ) : (
        <Lines lines={value.lines} portal={portal} />
      )}
      <Inline gap="xs" align="center">
        {pages.length > 1 ? (
          <Button size="small" disabled={list.reading} onClick={() => setPages(pages.slice(0, -1))}>
            Back
          </Button>
        ) : null}
        {value.next === null ? null : (
          <Button size="small" disabled={list.reading} onClick={() => setPages([...pages, value.next])}>
            Next customers
          </Button>
        )}
        {pages.length > 1 ? <Text variant="microcopy">{`Page ${pages.length}`}</Text> : null}
        <Button size="small" variant="transparent" disabled={list.reading} onClick={list.again}>
          Read again
        </Button>
        {value.more === null ? null : (
          <Link href={{ url: value.more.href, external: true }}>{value.more.label}</Link>
        )}
      </Inline>
    </Flex>
  )
}

function Lines({ lines, portal }: { readonly lines: readonly CardLine[]; readonly portal: Portal }) {
  return (
    <Table density="condensed">
      <TableHead>
        <TableRow>
          <TableHeader>Customer</TableHeader>
          <TableHeader align="right">Value at risk</TableHeader>
          <TableHeader>Risk of leaving</TableHeader>
          <TableHeader>Why</TableHeader>
          <TableHeader>Suggested</TableHeader>
          <TableHeader>Renews</TableHeader>
        </TableRow>
      </TableHead>
      <TableBody>
        {lines.map((line) => (
          <TableRow key={`${line.objectTypeId} ${line.objectId}`}>
            <TableCell>
              <Link href={recordAddress(portal, line)}>{line.name}</Link>
            </TableCell>
            <TableCell align="right">{line.valueAtRisk ?? 'not known'}</TableCell>
            <TableCell>
              <Inline gap="xs" align="center">
                <Text inline>{line.risk}</Text>
                <Level level={line.level} text={line.levelText} />
              </Inline>
            </TableCell>
            <TableCell>{line.reason ?? 'nothing stands out'}</TableCell>
            <TableCell>{line.suggestion ?? 'nothing'}</TableCell>
            <TableCell>{line.renews ?? 'not known'}</TableCell>
          </TableRow>
        ))}
      </TableBody>
    </Table>
  )
}

/**
 * HubSpot's links to records (`CrmActionLink`) are for cards alone: on a page it is an address.
 *
 * @see https://developers.hubspot.com/docs/apps/developer-platform/add-features/ui-extensibility/linting/rules/no-invalid-extension-point-imports
 */
function recordAddress(
  { id, dataHostingLocation = 'na1' }: Portal,
  { objectTypeId, objectId }: CardLine,
): string {
  const host = dataHostingLocation === 'na1' ? 'app' : `app-${dataHostingLocation}`
  return `https://${host}.hubspot.com/contacts/${id}/record/${objectTypeId}/${objectId}`
}
