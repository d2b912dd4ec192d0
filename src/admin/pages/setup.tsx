/** Set-up: five steps, each kept as it is done, then a look at what would be sent, and only then the switch. */
import { Select } from '@mantine/core'
import { useEffect, useRef } from 'react'
import type { ConnectionAnswer } from '../../server/api/connections.ts'
import type { SetUpAnswer } from '../../server/api/setup.ts'
import { useMay } from '../api/frame.ts'
import { useLive } from '../api/live.ts'
import { useRead } from '../api/queries.ts'
import { useFilters } from '../api/query-string.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Notice } from '../parts/notice.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { ActionsStep } from './setup/actions-step.tsx'
import { ConnectStep } from './setup/connect-step.tsx'
import { CustomersStep } from './setup/customers-step.tsx'
import { LevelsStep } from './setup/levels-step.tsx'
import { MappingStep } from './setup/mapping-step.tsx'
import { PreviewStep } from './setup/preview-step.tsx'
import { Stepper } from './setup/stepper.tsx'
import { firstOpen, stepAt, STEPS, type StepKey, type StepWords } from './setup/steps.ts'
import style from './setup/setup.module.css'

/** Milliseconds until it is asked anew: while something is read or scored for the first time, what waits for it does. */
const asksAgain = (setup: SetUpAnswer | undefined): number =>
  setup?.steps.some(({ state }) => state === 'blocked') === true ? 3000 : 60_000

export function SetUpPage() {
  useLive()
  const [filters, setFilters] = useFilters()
  const setup = useRead<SetUpAnswer>('/v1/setup', { everyMs: asksAgain })
  const connections = useRead<{ readonly items: readonly ConnectionAnswer[] }>('/v1/connections', {
    everyMs: filters['reading'] === undefined ? 60_000 : 3000,
  })
  const first = setup.data === undefined ? null : firstOpen(setup.data)
  const given = filters['step']
  useEffect(() => {
    // From here on only whoever looks goes on: what others do meanwhile leads nobody away from what they are at.
    if (given === undefined && first !== null) setFilters({ step: first }, { replace: true })
  }, [given, first, setFilters])
  return (
    <Loaded read={setup}>
      {(state) => (
        <Loaded read={connections}>
          {({ items }) => (
            <Steps
              setup={state}
              connections={items.filter(({ status }) => status !== 'disconnected')}
              step={stepAt(given ?? firstOpen(state)) ?? STEPS[0]}
            />
          )}
        </Loaded>
      )}
    </Loaded>
  )
}

export interface StepProps {
  readonly setup: SetUpAnswer
  /** All that are connected. */
  readonly connections: readonly ConnectionAnswer[]
  /** The one that the step is about; null: nothing is connected. */
  readonly connection: ConnectionAnswer | null
  go(step: StepKey): void
}

function Steps({
  setup,
  connections,
  step,
}: {
  setup: SetUpAnswer
  connections: readonly ConnectionAnswer[]
  step: StepWords
}) {
  const mayChange = useMay('admin')
  const [filters, setFilters] = useFilters()
  const connection = connections.find(({ id }) => id === filters['connection']) ?? connections[0] ?? null
  const place = useRef<HTMLDivElement>(null)
  const shown = useRef(step.key)
  useEffect(() => {
    if (shown.current === step.key) return
    shown.current = step.key
    place.current?.focus({ preventScroll: true })
    window.scrollTo(0, 0)
  }, [step.key])
  const go = (to: StepKey) => setFilters({ step: to, again: null, another: null, kind: null, reading: null })
  const landed = step.key === 'connect' && filters['reading'] !== undefined && connection !== null
  const props: StepProps = { setup, connections, connection, go }
  const found = setup.steps.find((one) => one.step === step.key)
  // Who counts is what the second step asks: that nobody said so yet goes without saying there.
  const why = step.key === 'customers' && found?.state !== 'blocked' ? null : (found?.why ?? null)
  const several = connections.length > 1 && (step.key === 'customers' || step.key === 'mapping')
  return (
    <div className={style.place}>
      <Stepper setup={setup} now={step.key} />
      <div ref={place} tabIndex={-1} className={style.step}>
        <PageHead
          title={landed ? `${connection.name} is connected` : step.sentence}
          above={<Progress setup={setup} step={step} />}
        >
          {landed ? 'Its records are read for the first time.' : step.lead}
        </PageHead>
        {several && (
          <Select
            label="Connection"
            allowDeselect={false}
            mb="lg"
            w={320}
            maw="100%"
            data={connections.map(({ id, name }) => ({ value: id, label: name }))}
            value={connection?.id ?? null}
            onChange={(id) => setFilters({ connection: id })}
          />
        )}
        {why !== null && (
          <Notice tone="wait" title={found?.state === 'blocked' ? 'Not yet' : 'This is still to be done'}>
            {why}
          </Notice>
        )}
        {mayChange ? (
          <StepBody step={step.key} blocked={found?.state === 'blocked'} props={props} />
        ) : (
          <Notice tone="info" title="An admin sets Holdfast up">
            What they agreed to stands beside each step. Ask one of them where something is to be otherwise.
          </Notice>
        )}
      </div>
    </div>
  )
}

function Progress({ setup, step }: { setup: SetUpAnswer; step: StepWords }) {
  const at = STEPS.findIndex(({ key }) => key === step.key)
  const done = setup.steps.filter(({ state }) => state === 'done').length
  return (
    <span>
      {step.key === 'preview' ? 'Last of all' : `Step ${at + 1} of ${STEPS.length - 1}`}
      {done === setup.steps.length ? ', all done' : `, ${done} done`}
    </span>
  )
}

function StepBody({ step, blocked, props }: { step: StepKey; blocked: boolean; props: StepProps }) {
  const { connection } = props
  if (step === 'connect') return <ConnectStep {...props} />
  if (blocked) return null
  if (step === 'preview') return <PreviewStep {...props} />
  if (connection === null) return null
  if (step === 'customers') return <CustomersStep key={connection.id} {...props} connection={connection} />
  if (step === 'mapping') return <MappingStep key={connection.id} {...props} connection={connection} />
  return step === 'levels' ? <LevelsStep {...props} /> : <ActionsStep {...props} />
}
