/** Inviting somebody: who, as what; what comes of it is a link to hand on. */
import { TextInput } from '@mantine/core'
import { useState } from 'react'
import type { InvitationAnswer } from '../../../server/api/people.ts'
import { useSend } from '../../api/queries.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { RoleChoice } from './role-choice.tsx'
import type { Role } from './roles.ts'

export interface Invitee {
  readonly email: string
  readonly name: string
  readonly role: Role
}

/** @param wanted whom the fields begin with; null: it is closed */
export function Invite({
  wanted,
  close,
  invited,
}: {
  wanted: Invitee | null
  close: () => void
  invited: (invitation: InvitationAnswer) => void
}) {
  // Each opening begins anew.
  return wanted === null ? null : <Fields wanted={wanted} close={close} invited={invited} />
}

function Fields({
  wanted,
  close,
  invited,
}: {
  wanted: Invitee
  close: () => void
  invited: (invitation: InvitationAnswer) => void
}) {
  const [person, setPerson] = useState(wanted)
  const { send, busy, error } = useSend<Invitee, InvitationAnswer>((body) => ({ path: '/v1/people', body }), {
    quiet: true,
    after: (invitation) => {
      close()
      invited(invitation)
    },
  })
  const set = (change: Partial<Invitee>) => setPerson((before) => ({ ...before, ...change }))
  return (
    <Dialog
      opened
      close={close}
      title="Invite somebody"
      label="Make the link"
      busy={busy}
      error={error}
      submit={() => send({ ...person, email: person.email.trim(), name: person.name.trim() })}
    >
      <TextInput
        label="E-mail address"
        description="By which the sign-in service knows them. Holdfast sends nothing to it."
        type="email"
        required
        maxLength={254}
        autoComplete="off"
        value={person.email}
        onChange={(event) => set({ email: event.currentTarget.value })}
        data-autofocus
      />
      <TextInput
        label="Name"
        required
        maxLength={100}
        autoComplete="off"
        value={person.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <RoleChoice role={person.role} choose={(role) => set({ role })} />
    </Dialog>
  )
}
