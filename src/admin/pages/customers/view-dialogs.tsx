/** Saving what is shown as a view, renaming one, deleting one. */
import { Radio, Stack, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { CustomerViewAnswer } from '../../../server/api/customer-views.ts'
import { useMay } from '../../api/frame.ts'
import { useSend } from '../../api/queries.ts'
import { Dialog } from '../../parts/dialog.tsx'
import type { CustomerQuery } from './query.ts'

const VIEWS = '/v1/customer-views'

export function SaveView({ query, close }: { query: CustomerQuery; close: () => void }) {
  const [name, setName] = useState('')
  const [shared, share] = useState(false)
  const may = useMay('operator')
  const { send, busy, error } = useSend<undefined, CustomerViewAnswer>(
    () => ({ path: VIEWS, body: { name: name.trim(), shared, query: query.kept, columns: query.columns } }),
    {
      quiet: true,
      changed: [VIEWS],
      done: `“${name.trim()}” is saved.`,
      after: ({ id }) => {
        close()
        query.open(id)
      },
    },
  )
  return (
    <Dialog
      opened
      close={close}
      title="Save what is shown as a view"
      label="Save the view"
      busy={busy}
      error={error}
      submit={() => send(undefined)}
    >
      <TextInput
        label="Name"
        placeholder="My renewals"
        required
        withAsterisk={false}
        maxLength={60}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      {may ? (
        <Radio.Group label="Who sees it" value={String(shared)} onChange={(value) => share(value === 'true')}>
          <Stack gap={8} mt={6}>
            <Radio value="false" label="You alone" />
            <Radio value="true" label="Everybody of the company" />
          </Stack>
        </Radio.Group>
      ) : (
        <p className="note">You alone see it. Views of the company are saved by operators and admins.</p>
      )}
      <p className="note">Filters, order and columns are kept, not the customers: who fits stands in it.</p>
    </Dialog>
  )
}

export function RenameView({ view, close }: { view: CustomerViewAnswer; close: () => void }) {
  const [name, setName] = useState(view.name)
  const { send, busy, error } = useSend(
    () => ({ path: `${VIEWS}/${view.id}`, method: 'PATCH', body: { name: name.trim() } }),
    { quiet: true, changed: [VIEWS], done: `It is called “${name.trim()}” now.`, after: close },
  )
  return (
    <Dialog
      opened
      close={close}
      title={`Rename “${view.name}”`}
      label="Rename"
      busy={busy}
      error={error}
      disabled={name.trim() === '' || name.trim() === view.name}
      submit={() => send(undefined)}
    >
      <TextInput
        label="Name"
        required
        withAsterisk={false}
        maxLength={60}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
    </Dialog>
  )
}

export function DeleteView({
  view,
  close,
  deleted,
}: {
  view: CustomerViewAnswer
  close: () => void
  deleted: () => void
}) {
  const { send, busy, error } = useSend(() => ({ path: `${VIEWS}/${view.id}`, method: 'DELETE' }), {
    quiet: true,
    changed: [VIEWS],
    done: `“${view.name}” is gone.`,
    after: () => {
      close()
      deleted()
    },
  })
  return (
    <Dialog
      opened
      close={close}
      title={`Delete “${view.name}”`}
      label="Delete"
      grave
      busy={busy}
      error={error}
      submit={() => send(undefined)}
    >
      <p>
        The view goes{view.scope === 'company' && ', for everybody of the company'}. The customers stay as
        they are.
      </p>
    </Dialog>
  )
}
