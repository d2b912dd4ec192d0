/** What stands below the fold of a card: how the risk went, what was done before, and who agreed to what. */
import {
  Accordion,
  Flex,
  Heading,
  LineChart,
  List,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableHeader,
  TableRow,
  Text,
} from '@hubspot/ui-extensions'
import type { ReactNode } from 'react'
import type { CardConsent, CardEntry, CardPoint } from './contract.ts'

const DAY = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
})
const percent = (probability: number): number => Math.round(probability * 1000) / 10

/** The chart, and the same as a table: a screen reader cannot read a line. */
export function RiskOverTime({ history }: { readonly history: readonly CardPoint[] }) {
  if (history.length < 2) return null
  // At noon, so that the day is the same on both sides of Greenwich.
  const data = history.map(({ date, probability }) => ({
    date: Date.parse(`${date}T12:00:00Z`),
    risk: percent(probability),
  }))
  return (
    <Flex direction="column" gap="xs">
      <Heading>Risk over time</Heading>
      <LineChart
        data={data}
        axes={{
          x: { field: 'date', fieldType: 'datetime', label: 'Day' },
          y: { field: 'risk', fieldType: 'linear', label: 'Risk of leaving, in percent' },
        }}
        options={{ showLegend: false, showTooltips: true, showDataLabels: false }}
      />
      <Accordion title="View as table" size="xs">
        <Table density="compact">
          <TableHead>
            <TableRow>
              <TableHeader>Day</TableHeader>
              <TableHeader align="right">Risk of leaving</TableHeader>
            </TableRow>
          </TableHead>
          <TableBody>
            {history.toReversed().map(({ date, probability }) => (
              <TableRow key={date}>
                <TableCell>{DAY.format(Date.parse(date))}</TableCell>
                <TableCell align="right">{percent(probability)} %</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      </Accordion>
    </Flex>
  )
}

export function History({
  entries,
  folded = false,
}: {
  readonly entries: readonly CardEntry[]
  readonly folded?: boolean
}) {
  if (entries.length === 0) return null
  return (
    <Part title="What was done before" folded={folded}>
      <List>
        {entries.map(({ when, text }) => (
          <Text key={`${when} ${text}`}>{`${when}: ${text}`}</Text>
        ))}
      </List>
    </Part>
  )
}

export function Consent({
  consent,
  folded = false,
}: {
  readonly consent: readonly CardConsent[]
  readonly folded?: boolean
}) {
  if (consent.length === 0) return null
  return (
    <Part title="May be reached by" folded={folded}>
      <List>
        {consent.map(({ channel, allowed, text }) => (
          <Text key={channel}>{`${channel}: ${allowed ? 'yes' : 'no'} (${text})`}</Text>
        ))}
      </List>
    </Part>
  )
}

function Part(props: { readonly title: string; readonly folded: boolean; readonly children: ReactNode }) {
  if (props.folded)
    return (
      <Accordion title={props.title} size="xs">
        {props.children}
      </Accordion>
    )
  return (
    <Flex direction="column" gap="xs">
      <Heading>{props.title}</Heading>
      {props.children}
    </Flex>
  )
}
