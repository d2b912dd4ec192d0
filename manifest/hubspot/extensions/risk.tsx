/** How likely a customer is to leave, and why. */
import {
  Flex,
  Heading,
  Icon,
  Inline,
  List,
  Statistics,
  StatisticsItem,
  StatusTag,
  Text,
} from '@hubspot/ui-extensions'
import type { CardLevel, CardReason, CardRisk } from './contract.ts'

const LEVELS = {
  HIGH: { mark: '▲', variant: 'danger' },
  MEDIUM: { mark: '●', variant: 'warning' },
  LOW: { mark: '▼', variant: 'success' },
} as const

/** A level by its mark, its word and its colour, so that any one of them is enough. */
export function Level({ level, text }: { readonly level: CardLevel; readonly text: string }) {
  const { mark, variant } = LEVELS[level]
  return (
    <StatusTag variant={variant}>
      {mark} {text}
    </StatusTag>
  )
}

export function Risk({ risk, value }: { readonly risk: CardRisk; readonly value: string | null }) {
  return (
    <Flex direction="column" gap="xs">
      <Statistics>
        <StatisticsItem label="Risk of leaving" number={risk.text}>
          <Level level={risk.level} text={risk.levelText} />
        </StatisticsItem>
      </Statistics>
      <Text variant="microcopy">
        {[risk.means, risk.asOf, risk.trend].filter((part) => part !== null && part !== '').join(' · ')}
      </Text>
      {value === null ? null : <Text format={{ fontWeight: 'demibold' }}>{value}</Text>}
    </Flex>
  )
}

export function Reasons({ reasons }: { readonly reasons: readonly CardReason[] }) {
  if (reasons.length === 0) return null
  return (
    <Flex direction="column" gap="xs">
      <Heading>Why</Heading>
      <List variant="unordered-styled">
        {reasons.map(({ sentence, raises }) => (
          <Inline key={sentence} gap="xs" align="start">
            <Icon
              name={raises ? 'upCarat' : 'downCarat'}
              size="sm"
              color={raises ? 'alert' : 'success'}
              screenReaderText={raises ? 'Raises the risk:' : 'Lowers the risk:'}
            />
            <Text>{sentence}</Text>
          </Inline>
        ))}
      </List>
    </Flex>
  )
}
