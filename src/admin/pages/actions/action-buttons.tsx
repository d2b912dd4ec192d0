/** What a person can do about one action, as its state allows. */
import { Button, Group } from '@mantine/core'
import { Link } from 'wouter'
import type { WholeInterventionAnswer } from '../../../server/api/interventions.ts'
import { useMay } from '../../api/frame.ts'
import { useSend } from '../../api/queries.ts'
import { withQuery } from '../../api/query-string.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { OPEN } from '../../words/states.ts'
import { ResolveButtons } from '../attention/resolve.tsx'

export function ActionButtons({ one }: { one: WholeInterventionAnswer }) {
  const may = useMay('operator')
  const cancel = useSend(
    (note: string) => ({
      path: `/v1/interventions/${one.id}/cancel`,
      body: note === '' ? {} : { note },
    }),
    { done: 'It is cancelled.' },
  )
  if (one.state === 'uncertain') return <ResolveButtons ids={[one.id]} />
  if (!OPEN.has(one.state)) return null
  return (
    <Group gap={8}>
      {one.state === 'awaiting_approval' && (
        <Button component={Link} href={withQuery('/app/approvals', { customer: one.customer, open: one.id })}>
          {may ? 'Answer it' : 'See it among the approvals'}
        </Button>
      )}
      {may && (
        <Confirm
          label="Cancel it"
          busy={cancel.busy}
          words={{ label: 'Why?', placeholder: 'Optional', most: 500, needed: false }}
          confirm={cancel.send}
        >
          It is not carried out, and what it held of the budget is free again. This cannot be taken back.
        </Confirm>
      )}
    </Group>
  )
}
