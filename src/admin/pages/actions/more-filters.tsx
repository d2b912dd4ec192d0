/** Filters that came with a link, each to be taken away: what has no field of its own is still seen. */
import { Pill } from '@mantine/core'
import { useWords } from '../../api/frame.ts'
import type { Filters } from '../../api/query-string.ts'

const STAGES: Readonly<Record<string, string>> = {
  compared: 'left alone, to compare with',
  unvalued: 'nobody can say what an action is worth',
  not_worth: 'no action is worth its cost',
  held_back: 'not possible',
  passed_over: 'passed over',
  chosen: 'chosen',
}
export const stageWord = (stage: string): string => STAGES[stage] ?? stage

const GROUPS: Readonly<Record<string, string>> = {
  holdout: 'holdout',
  usual: 'business as usual',
  policy: 'policy group',
  exempt: 'exempt',
}
export const groupWord = (group: string): string => GROUPS[group] ?? group

const HEARD: Readonly<Record<string, string>> = {
  bounced: 'did not arrive',
  answered: 'answered',
  complained: 'complained',
  opted_out: 'opted out',
  done: 'call or offer made',
  redeemed: 'offer taken',
}

export function MoreFilters({
  filters,
  setFilters,
}: {
  filters: Filters
  setFilters: (change: Readonly<Record<string, string | null>>) => void
}) {
  const words = useWords()
  const { from, to, reason, group, heard, simulated, dryRun, unseen, customer, connection, stage, lead } =
    filters
  const span =
    from === undefined && to === undefined
      ? null
      : `${from === undefined ? 'until' : `from ${words.day(from.slice(0, 10))}`}${
          to === undefined ? '' : ` ${from === undefined ? '' : 'until '}${words.day(to.slice(0, 10))}`
        }`
  const pills: readonly (readonly [text: string | null, change: Readonly<Record<string, null>>])[] = [
    [span, { from: null, to: null }],
    [stage === undefined ? null : stage.split(',').map(stageWord).join(' or '), { stage: null }],
    [lead === undefined ? null : `about ${lead.split(',').map(words.action).join(' or ')}`, { lead: null }],
    [
      reason === undefined
        ? null
        : reason === 'none'
          ? 'without a reason'
          : `because: ${reason.replaceAll('_', ' ')}`,
      { reason: null },
    ],
    [group === undefined ? null : groupWord(group), { group: null }],
    [heard === undefined ? null : (HEARD[heard] ?? heard), { heard: null }],
    [
      simulated === undefined ? null : simulated === 'true' ? 'into the sandbox' : 'in earnest',
      { simulated: null },
    ],
    [dryRun === undefined ? null : dryRun === 'true' ? 'dry run' : 'no dry run', { dryRun: null }],
    [unseen === undefined ? null : 'failed, and not looked at', { unseen: null }],
    [customer === undefined ? null : 'of one customer', { customer: null }],
    [connection === undefined ? null : 'of one connection', { connection: null }],
  ]
  const shown = pills.filter(([text]) => text !== null)
  if (shown.length === 0) return null
  return (
    <Pill.Group mb="sm" mt={4}>
      {shown.map(([text, change]) => (
        <Pill
          key={text}
          withRemoveButton
          onRemove={() => setFilters(change)}
          removeButtonProps={{ 'aria-label': `Take away: ${text}`, 'aria-hidden': false, tabIndex: 0 }}
        >
          {text}
        </Pill>
      ))}
    </Pill.Group>
  )
}
