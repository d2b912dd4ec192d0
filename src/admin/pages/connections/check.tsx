/** What a look at the CRM found: rights, quota, missing properties, counts. Costs some of its calls, so it is asked for. */
import { Button } from '@mantine/core'
import type { ConnectionDetail } from '../../../server/api/connections.ts'
import { useMay, useWords } from '../../api/frame.ts'
import { useSend } from '../../api/queries.ts'
import { Checks } from '../../parts/checks.tsx'
import { Section } from '../../parts/section.tsx'
import { When } from '../../parts/when.tsx'
import { actorWord } from '../../words/actors.ts'

export function Check({ connection: { id, name, check, status } }: { connection: ConnectionDetail }) {
  const may = useMay('operator')
  const words = useWords()
  const look = useSend(() => ({ path: `/v1/connections/${id}/check` }), {
    done: `${name} was looked at`,
    changed: ['/v1/connections'],
  })
  const bad = check?.checks.filter(({ status: found }) => found === 'failed').length ?? 0
  const unsure = check?.checks.filter(({ status: found }) => found === 'warning').length ?? 0
  return (
    <Section
      title="A closer look"
      aside={
        may && status !== 'disconnected' ? (
          <Button
            className="flush"
            size="compact-sm"
            variant="subtle"
            loading={look.busy}
            onClick={() => look.send(undefined)}
          >
            {check === null ? 'Look now' : 'Look again'}
          </Button>
        ) : undefined
      }
    >
      {check === null ? (
        <p className="second">
          Nobody looked yet. It asks for rights, quota, missing properties and counts, and takes some seconds.
        </p>
      ) : (
        <>
          <p className="second">
            {bad > 0
              ? `${words.many(bad, 'thing')} ${bad === 1 ? 'does' : 'do'} not work. `
              : unsure > 0
                ? `It works; ${words.many(unsure, 'thing')} ${unsure === 1 ? 'is' : 'are'} worth a look. `
                : 'All is well. '}
            Looked <When at={check.at} /> by {actorWord(check.by)}.
          </p>
          <Checks checks={check.checks} />
        </>
      )}
    </Section>
  )
}
