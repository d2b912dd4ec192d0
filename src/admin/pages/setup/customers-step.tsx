/** The second step: who counts as a customer, with counts as they are now; and who is responsible for them. */
import type { ConnectionAnswer } from '../../../server/api/connections.ts'
import type { PopulationAnswer, PopulationPreviewAnswer } from '../../../server/api/setup-customers.ts'
import { useWords } from '../../api/frame.ts'
import { useAsked } from '../../api/asked.ts'
import { useDraft } from '../../api/draft.ts'
import { useRead, useSend } from '../../api/queries.ts'
import { Refusal } from '../../api/request.ts'
import { Conflict } from '../../parts/conflict.tsx'
import { Failure, Loaded } from '../../parts/loaded.tsx'
import { RowsPending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'
import { populationWords } from '../../words/connections.ts'
import type { StepProps } from '../setup.tsx'
import { Foot } from './foot.tsx'
import { PopulationForm, isWhole, type Population } from './population-form.tsx'
import { Responsible } from './responsible.tsx'

interface Props extends StepProps {
  readonly connection: ConnectionAnswer
}

export function CustomersStep(props: Props) {
  const { connection } = props
  const choices = useRead<PopulationAnswer>(`/v1/connections/${connection.id}/population`)
  return (
    <Loaded read={choices} pending={<RowsPending rows={7} />}>
      {(found) => <Customers {...props} found={found} />}
    </Loaded>
  )
}

function Customers({ connection, go, found }: Props & { found: PopulationAnswer }) {
  const { id, name, system } = connection
  const words = useWords()
  const draft = useDraft<Population, Population | null>(`customers ${id}`)
  const chosen = draft.value ?? found.population ?? found.proposed
  const whole = chosen !== null && isWhole(chosen)
  const preview = useAsked<PopulationPreviewAnswer>(
    whole ? `/v1/connections/${id}/population/preview` : null,
    { population: chosen },
    { staleMs: 60_000 },
  )
  const save = useSend<{ readonly was: Population | null }, PopulationPreviewAnswer>(
    ({ was }) => ({
      path: `/v1/connections/${id}/population`,
      method: 'PUT',
      body: { population: chosen, was },
    }),
    {
      quiet: true,
      changed: ['/v1/setup', '/v1/connections', '/v1/customers'],
      done: ({ customers }) =>
        `${words.many(customers, 'customer')} of ${name}: they are read and scored now`,
      after: () => {
        draft.clear()
        go('mapping')
      },
    },
  )
  const conflict = save.error instanceof Refusal && save.error.problem.code === 'conflict'
  // What is proposed is nobody's choice before it is saved.
  const changed = draft.value !== null || found.population === null
  const customers = preview.data?.customers ?? null
  const none = whole && customers === 0
  return (
    <>
      <PopulationForm
        system={system}
        found={found}
        chosen={chosen}
        choose={(population) => {
          save.reset()
          draft.set(population, found.population)
        }}
      />
      <Section title="Who that is">
        {!whole ? (
          <p className="second">Choose who counts, and it stands here at once.</p>
        ) : (
          <Loaded read={preview} pending={<RowsPending rows={2} />}>
            {(who) => <Who who={who} changing={preview.changing} />}
          </Loaded>
        )}
      </Section>
      <Responsible connection={connection} />
      {conflict && (
        <Conflict
          who={null}
          lines={[
            {
              key: 'population',
              label: 'Who counts as a customer',
              before: populationWords(draft.base, found.stages),
              after: populationWords(found.population, found.stages),
              both: true,
            },
          ]}
          mineLabel="Save mine instead"
          busy={save.busy}
          mine={() => save.send({ was: found.population })}
          theirs={() => {
            save.reset()
            draft.clear()
          }}
        />
      )}
      {save.error !== null && !conflict && (
        <Failure error={save.error} retry={() => save.send({ was: draft.base ?? found.population })} />
      )}
      <Foot
        label={changed ? 'Save and go on' : 'Go on'}
        busy={save.busy}
        disabled={!whole || none || conflict || (changed && customers === null)}
        go={() =>
          changed ? save.send({ was: draft.value === null ? found.population : draft.base }) : go('mapping')
        }
        discard={draft.value === null ? null : draft.clear}
      >
        {none ? 'Nobody would be a customer: choose values that occur.' : undefined}
      </Foot>
    </>
  )
}

function Who({
  who: { customers, records, examples },
  changing,
}: {
  who: PopulationPreviewAnswer
  changing: boolean
}) {
  const words = useWords()
  return (
    <div aria-busy={changing} style={changing ? { opacity: 0.55 } : undefined}>
      <p>
        <span className="strong">{words.many(customers, 'customer')}</span> of {words.many(records, 'record')}
        {examples.length > 0 && '. Five of them:'}
      </p>
      {examples.length > 0 && (
        <p className="second">{examples.map(({ id, name }) => name ?? id).join(' · ')}</p>
      )}
    </div>
  )
}
