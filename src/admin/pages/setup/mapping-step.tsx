/** The third step: what the fields mean, with what is known of customers by it as one changes it. */
import type { ConnectionAnswer } from '../../../server/api/connections.ts'
import type { MappingAnswer } from '../../../server/api/setup-mapping.ts'
import { useDraft } from '../../api/draft.ts'
import { useWords } from '../../api/frame.ts'
import { useRead, useSend } from '../../api/queries.ts'
import { Refusal } from '../../api/request.ts'
import { Conflict } from '../../parts/conflict.tsx'
import { Failure, Loaded } from '../../parts/loaded.tsx'
import { RowsPending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'
import type { StepProps } from '../setup.tsx'
import { Agreements } from './agreements.tsx'
import { Confidence } from './confidence.tsx'
import { Features } from './features.tsx'
import { Foot } from './foot.tsx'
import { LeftOut } from './left-out.tsx'
import { baseOf, changedSince, changesOf, type MappingBase, type MappingDraft } from './mapping-draft.ts'

interface Props extends StepProps {
  readonly connection: ConnectionAnswer
}

export function MappingStep(props: Props) {
  const read = useRead<MappingAnswer>(`/v1/connections/${props.connection.id}/mapping`)
  return (
    <Loaded read={read} pending={<RowsPending rows={9} />}>
      {(mapping) => <Fields {...props} mapping={mapping} />}
    </Loaded>
  )
}

function Fields({ setup, connection, go, mapping }: Props & { mapping: MappingAnswer }) {
  const { id } = connection
  const words = useWords()
  const draft = useDraft<MappingDraft, MappingBase>(`mapping ${id}`)
  const chosen = draft.value ?? {}
  const changes = changesOf(mapping, chosen)
  const agreed = setup.steps.find(({ step }) => step === 'mapping')?.state === 'done'
  const save = useSend<string>(
    (mark) => ({ path: `/v1/connections/${id}/mapping`, method: 'PUT', body: { changes, mark } }),
    {
      quiet: true,
      changed: ['/v1/setup', '/v1/connections'],
      done: 'Saved: every customer is read and scored once more',
      after: () => {
        draft.clear()
        agree.send(undefined)
      },
    },
  )
  const agree = useSend<undefined>(() => ({ path: '/v1/setup/steps/mapping/confirmation' }), {
    quiet: true,
    changed: ['/v1/setup'],
    after: () => go('levels'),
  })
  const stale = save.error instanceof Refusal && save.error.problem.code === 'conflict'
  const error = stale ? agree.error : (save.error ?? agree.error)
  const labelOf = (column: string | null): string =>
    column === null ? 'nothing' : (mapping.columns.find((one) => one.column === column)?.label ?? column)
  const finish = () => {
    if (changes.length > 0) save.send(draft.base?.mark ?? mapping.mark)
    else {
      draft.clear()
      agree.send(undefined)
    }
  }
  return (
    <>
      <Confidence connection={id} mapping={mapping} changes={changes} />
      <Features
        mapping={mapping}
        draft={chosen}
        choose={(feature, column) => {
          save.reset()
          draft.set({ ...chosen, [feature]: column }, baseOf(mapping))
        }}
      />
      <Agreements connection={connection} />
      <LeftOut mapping={mapping} />
      <Section title="What is written">
        <p className="second">
          {mapping.writes && mapping.written.length > 0
            ? `${words.many(mapping.written.length, 'field')} of Holdfast’s own on the record: ${mapping.written.map(({ label }) => label).join(', ')}. No other field is ever written.`
            : 'Nothing is written to this connection.'}
        </p>
      </Section>
      {stale && draft.base !== null && (
        <Conflict
          who={null}
          lines={changedSince(mapping, draft.base).map(({ feature, label, before, after }) => ({
            key: feature,
            label,
            before: labelOf(before),
            after: labelOf(after),
            both: chosen[feature] !== undefined && chosen[feature] !== after,
          }))}
          mineLabel="Save mine on top"
          busy={save.busy}
          mine={() => save.send(mapping.mark)}
          theirs={() => {
            save.reset()
            draft.clear()
          }}
        />
      )}
      {error !== null && <Failure error={error} retry={finish} />}
      <Foot
        label={changes.length > 0 ? 'Save and go on' : agreed ? 'Go on' : 'This is right, go on'}
        busy={save.busy || agree.busy}
        disabled={stale}
        go={agreed && changes.length === 0 ? () => go('levels') : finish}
        discard={changes.length > 0 ? draft.clear : null}
      />
    </>
  )
}
