/** Who is responsible: who gets the tasks, and who customers answer to. Saved by itself. */
import { Button, Group, Select } from '@mantine/core'
import type { ConnectionAnswer } from '../../../server/api/connections.ts'
import type { ResponsibleAnswer } from '../../../server/api/setup-customers.ts'
import { useDraft } from '../../api/draft.ts'
import { useWords } from '../../api/frame.ts'
import { useRead, useSend } from '../../api/queries.ts'
import { Refusal } from '../../api/request.ts'
import { Conflict } from '../../parts/conflict.tsx'
import { Failure, Loaded } from '../../parts/loaded.tsx'
import { RowsPending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'

type Standing = Pick<ResponsibleAnswer, 'current' | 'fallback'>

export function Responsible({ connection: { id, system } }: { connection: ConnectionAnswer }) {
  const read = useRead<ResponsibleAnswer>(system === 'File' ? null : `/v1/connections/${id}/responsible`)
  return (
    <Section title="Who is responsible">
      {system === 'File' ? (
        <p className="second">
          In a file a column says it: “owner” with “owner email”. They get the tasks, and customers answer to
          them.
        </p>
      ) : (
        <Loaded read={read} pending={<RowsPending rows={2} />}>
          {(found) => <Choice id={id} found={found} />}
        </Loaded>
      )}
    </Section>
  )
}

/** A role in the account's team is told from a field by how its value begins. */
const ROLE = 'role:'
const valueOf = (current: Standing['current']): string | null =>
  current === null ? null : 'field' in current ? current.field : ROLE + current.teamRole

function Choice({ id, found }: { id: string; found: ResponsibleAnswer }) {
  const words = useWords()
  const now: Standing = { current: found.current, fallback: found.fallback }
  const draft = useDraft<Standing, Standing>(`responsible ${id}`)
  const chosen = draft.value ?? now
  const save = useSend<Standing>(
    (was) => ({
      path: `/v1/connections/${id}/responsible`,
      method: 'PUT',
      body: { ...chosen.current, fallback: chosen.fallback, was },
    }),
    {
      quiet: true,
      done: 'Saved: customers are read once more',
      after: draft.clear,
      changed: ['/v1/connections'],
    },
  )
  const conflict = save.error instanceof Refusal && save.error.problem.code === 'conflict'
  const named = valueOf(chosen.current)
  const fields = [
    ...found.fields.map(({ field, label, records }) => ({
      value: field,
      label: `${label}: names somebody in ${words.many(records, 'record')}`,
    })),
    ...(named !== null && found.fields.every(({ field }) => field !== named)
      ? [
          {
            value: named,
            label: named.startsWith(ROLE) ? `${named.slice(ROLE.length)} in the account team` : named,
          },
        ]
      : []),
  ]
  const set = (next: Partial<Standing>) => {
    save.reset()
    draft.set({ ...chosen, ...next }, now)
  }
  const told = ({ current, fallback }: Standing): string => {
    const value = valueOf(current)
    const who = fields.find((one) => one.value === value)?.label ?? 'nobody'
    const otherwise = found.users.find((user) => user.id === fallback)?.name ?? 'nobody'
    return `${who}, otherwise ${otherwise}`
  }
  return (
    <>
      <p className="second">They get the tasks, and customers answer to them.</p>
      <Group align="end" mt="sm" gap="md">
        <Select
          label="Named by"
          data={fields}
          value={named}
          onChange={(value) =>
            value !== null &&
            set({
              current: value.startsWith(ROLE) ? { teamRole: value.slice(ROLE.length) } : { field: value },
            })
          }
          allowDeselect={false}
          w={340}
          maw="100%"
        />
        <Select
          label="Where nobody is named"
          placeholder="Nobody"
          clearable
          searchable
          data={found.users.map((user) => ({ value: user.id, label: user.name ?? user.email ?? user.id }))}
          value={chosen.fallback}
          onChange={(fallback) => set({ fallback })}
          w={240}
          maw="100%"
        />
        {draft.value !== null && !conflict && (
          <>
            <Button variant="default" loading={save.busy} onClick={() => save.send(draft.base ?? now)}>
              Save who is responsible
            </Button>
            <Button variant="subtle" onClick={draft.clear}>
              Undo
            </Button>
          </>
        )}
      </Group>
      {conflict && (
        <Conflict
          who={null}
          lines={[
            {
              key: 'who',
              label: 'Who is responsible',
              before: told(draft.base ?? now),
              after: told(now),
              both: true,
            },
          ]}
          mineLabel="Save mine instead"
          busy={save.busy}
          mine={() => save.send(now)}
          theirs={() => {
            save.reset()
            draft.clear()
          }}
        />
      )}
      {save.error !== null && !conflict && (
        <Failure error={save.error} retry={() => save.send(draft.base ?? now)} />
      )}
    </>
  )
}
