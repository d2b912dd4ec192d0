/** Looks at what would be connected, shows what was found, and connects it only then. */
import { Button, Group } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import type { AccountFoundAnswer } from '../../../server/api/setup-connect.ts'
import { useSend } from '../../api/queries.ts'
import { Failure } from '../../parts/loaded.tsx'
import type { ConnectProps } from './connect-step.tsx'
import { Found } from './found.tsx'

/** As POST /v1/setup/connect answers. */
export interface Connected {
  readonly id: string
  readonly connection: string
  readonly reconnected: boolean
  readonly warnings: readonly string[]
}

export const connectedWords = ({ connection, reconnected, warnings }: Connected): string =>
  [`${connection} is ${reconnected ? 'signed in to again' : 'connected'}.`, ...warnings].join(' ')

export function Looking({
  wanted,
  ready,
  of = JSON.stringify(wanted),
  thenReading = false,
  again,
  connected,
  children,
}: ConnectProps & {
  /** As POST /v1/setup/look takes it. */
  wanted: unknown
  ready: boolean
  /** What was found is of this alone: another token is another look. */
  of?: string
  /** Reading it takes a while: how far it is is shown before the next step. */
  thenReading?: boolean
  /** The inputs. */
  children: ReactNode
}) {
  const [found, setFound] = useState<{ readonly of: string; readonly answer: AccountFoundAnswer } | null>(
    null,
  )
  const look = useSend<string, AccountFoundAnswer>(() => ({ path: '/v1/setup/look', body: wanted }), {
    changed: [],
    quiet: true,
    after: (answer, looked) => setFound({ of: looked, answer }),
  })
  const connect = useSend<undefined, Connected>(
    () => ({
      path: '/v1/setup/connect',
      body: { to: wanted, ...(again === null ? {} : { again }) },
    }),
    {
      done: connectedWords,
      quiet: true,
      changed: ['/v1/setup', '/v1/connections'],
      after: ({ id, reconnected }) =>
        thenReading && !reconnected ? connected(id, 'look on') : connected(id),
    },
  )
  const answer = found?.of === of ? found.answer : null
  const failed = answer?.checks.filter(({ status }) => status === 'failed').length ?? 0
  const other = answer !== null && answer.connectedAs !== null && answer.connectedAs.id !== again
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (ready) look.send(of)
      }}
    >
      {children}
      <Group mt="lg">
        <Button
          type="submit"
          variant={answer === null ? 'filled' : 'default'}
          disabled={!ready}
          loading={look.busy}
        >
          {answer === null ? 'Look at it' : 'Look again'}
        </Button>
        <span className="note">Takes some seconds. Nothing is kept by looking.</span>
      </Group>
      {look.error !== null && answer === null && <Failure error={look.error} retry={() => look.send(of)} />}
      {answer !== null && (
        <>
          <Found found={answer} again={again} />
          {connect.error !== null && <Failure error={connect.error} retry={() => connect.send(undefined)} />}
          <Group mt="lg">
            <Button
              onClick={() => connect.send(undefined)}
              loading={connect.busy}
              disabled={failed > 0 || other}
            >
              {again === null ? 'Connect it' : 'Sign in again'}
            </Button>
            {failed > 0 && <span className="note">Mend what does not work first, then look again.</span>}
          </Group>
        </>
      )}
    </form>
  )
}
