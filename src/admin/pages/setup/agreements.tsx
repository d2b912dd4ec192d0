/** Where it is read what a customer pays, for how long and until when: fields of the customer, or its deals. */
import { Button, Group } from '@mantine/core'
import type { ConnectionAnswer } from '../../../server/api/connections.ts'
import type { AgreementPreviewAnswer, AgreementsAnswer } from '../../../server/api/setup-agreements.ts'
import { useAsked } from '../../api/asked.ts'
import { useDraft } from '../../api/draft.ts'
import { useWords } from '../../api/frame.ts'
import { useRead, useSend } from '../../api/queries.ts'
import { Refusal } from '../../api/request.ts'
import { Conflict } from '../../parts/conflict.tsx'
import { Failure, Loaded } from '../../parts/loaded.tsx'
import { RowsPending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'
import { listed } from '../../words/connections.ts'
import { AgreementForm, FROM, isWhole, type Source } from './agreement-form.tsx'

export function Agreements({ connection: { id, system } }: { connection: ConnectionAnswer }) {
  const read = useRead<AgreementsAnswer>(system === 'File' ? null : `/v1/connections/${id}/agreements`)
  return (
    <Section title="What a customer pays for">
      {system === 'File' ? (
        <p className="second">
          In a file columns say it: amount, period, currency and renewal, mapped above.
        </p>
      ) : (
        <Loaded read={read} pending={<RowsPending rows={2} />}>
          {(found) => <Choice id={id} found={found} />}
        </Loaded>
      )}
    </Section>
  )
}

function Choice({ id, found }: { id: string; found: AgreementsAnswer }) {
  const words = useWords()
  const draft = useDraft<Source, Source>(`agreements ${id}`)
  const chosen = draft.value ?? found.current
  const whole = isWhole(chosen)
  const preview = useAsked<AgreementPreviewAnswer>(
    whole && chosen.from !== 'properties' ? `/v1/connections/${id}/agreements/preview` : null,
    { agreements: chosen },
    { staleMs: 60_000 },
  )
  const save = useSend<Source>(
    (was) => ({ path: `/v1/connections/${id}/agreements`, method: 'PUT', body: { agreements: chosen, was } }),
    {
      quiet: true,
      done: 'Saved: customers are read once more',
      after: draft.clear,
      changed: ['/v1/connections'],
    },
  )
  const conflict = save.error instanceof Refusal && save.error.problem.code === 'conflict'
  const known = preview.data?.preview ?? null
  return (
    <>
      <AgreementForm
        found={found}
        chosen={chosen}
        choose={(source) => {
          save.reset()
          draft.set(source, found.current)
        }}
      />
      {preview.error !== null && chosen.from !== 'properties' && (
        <Failure error={preview.error} retry={() => void preview.refetch()} />
      )}
      {known !== null && chosen.from !== 'properties' && (
        <p className="second" style={preview.changing ? { opacity: 0.55 } : undefined}>
          <output>
            Of {words.many(known.sample, 'customer')}, {words.count(known.withAgreement)} have an agreement:{' '}
            {words.count(known.withAmount)} with an amount, {words.count(known.withPeriod)} with a period,{' '}
            {words.count(known.withRenewal)} with a renewal date
            {known.currencies.length > 0 && `, in ${listed(known.currencies, 'and')}`}.
          </output>
        </p>
      )}
      {conflict && (
        <Conflict
          who={null}
          lines={[
            {
              key: 'from',
              label: 'Where agreements come from',
              before: FROM[(draft.base ?? found.current).from] ?? '',
              after: FROM[found.current.from] ?? '',
              both: true,
            },
          ]}
          mineLabel="Save mine instead"
          busy={save.busy}
          mine={() => save.send(found.current)}
          theirs={() => {
            save.reset()
            draft.clear()
          }}
        />
      )}
      {save.error !== null && !conflict && (
        <Failure error={save.error} retry={() => save.send(draft.base ?? found.current)} />
      )}
      {draft.value !== null && !conflict && (
        <Group mt="md">
          <Button
            variant="default"
            loading={save.busy}
            disabled={!whole}
            onClick={() => save.send(draft.base ?? found.current)}
          >
            Save where it comes from
          </Button>
          <Button variant="subtle" onClick={draft.clear}>
            Undo
          </Button>
        </Group>
      )}
    </>
  )
}
