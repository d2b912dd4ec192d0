/** Scores the records that were ticked in a list. */
import { Alert, Flex, List, LoadingButton, Text } from '@hubspot/ui-extensions'
import { useState } from 'react'
import { ask } from './ask.ts'
import type { CardBulk } from './contract.ts'
import { PATHS } from './place.ts'
import { usePress } from './use-press.ts'

export interface ScoreManyProps {
  /** As they were ticked. */
  readonly crm: { readonly objectTypeId: string; readonly objectIds: readonly (number | string)[] }
}

const LISTS: Readonly<Record<string, readonly [string, string]>> = {
  '0-1': ['contact', 'contacts'],
  '0-2': ['company', 'companies'],
}

/**
 * @example
 * hubspot.extend<'crm.bulkActions'>(({ context }) => <ScoreMany crm={context.crm} />)
 */
export function ScoreMany({ crm: { objectTypeId, objectIds } }: ScoreManyProps) {
  const { busy, trouble, press } = usePress()
  const [done, setDone] = useState<CardBulk | null>(null)
  const [one, many] = LISTS[objectTypeId] ?? ['record', 'records']
  const count = objectIds.length
  const counted = `${count.toLocaleString('en')} ${count === 1 ? one : many}`

  if (count === 0) return <Text>Nothing is ticked. Tick records in the list, and choose this again.</Text>
  return (
    <Flex direction="column" gap="sm">
      <Text>
        {`Holdfast looks at ${count === 1 ? 'this' : 'these'} ${counted} again, and writes the risk, the reasons and the suggestion onto the ${count === 1 ? 'record' : 'records'}. Nothing is sent by this.`}
      </Text>
      {trouble === null ? null : (
        <Alert title="That did not work" variant="danger">
          {trouble.text}
        </Alert>
      )}
      {done === null ? null : (
        <Alert title={done.said} variant={done.tone}>
          {done.left.length === 0 ? null : (
            <List>
              {done.left.map(({ why, count }) => (
                <Text key={why}>{`${count.toLocaleString('en')} left out: ${why}`}</Text>
              ))}
            </List>
          )}
        </Alert>
      )}
      {done === null ? (
        <LoadingButton
          variant="primary"
          loading={busy !== null}
          disabled={busy !== null}
          onClick={() =>
            press('score', async () => {
              const ids = objectIds.map(String)
              const answer = await ask<CardBulk>(PATHS.bulk, { objectTypeId, ids, verb: 'score' })
              if (answer.value !== null) setDone(answer.value)
              return answer.trouble
            })
          }
        >
          {`Score ${counted}`}
        </LoadingButton>
      ) : null}
    </Flex>
  )
}
