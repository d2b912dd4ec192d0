/** What an admin can do with one person of the company. */
import { ActionIcon, Menu, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { InvitationAnswer, PersonAnswer, SessionsEndedAnswer } from '../../../server/api/people.ts'
import { useWords } from '../../api/frame.ts'
import { useSend } from '../../api/queries.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { RoleChoice } from './role-choice.tsx'

type Open = 'change' | 'link' | 'sessions' | 'remove' | null

export interface PersonMenuProps {
  readonly person: PersonAnswer
  /** Whether it is oneself. */
  readonly me: boolean
  /** Another link was made for them. */
  linked(invitation: InvitationAnswer): void
}

export function PersonMenu(props: PersonMenuProps) {
  const [open, show] = useState<Open>(null)
  const { person } = props
  const close = () => show(null)
  return (
    <>
      <Menu position="bottom-end" width={210}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`What to do with ${person.name}`}>
            <span aria-hidden="true">⋯</span>
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => show('change')}>Change name or role</Menu.Item>
          <Menu.Item onClick={() => show('link')}>Make a sign-in link</Menu.Item>
          <Menu.Item onClick={() => show('sessions')}>Sign out everywhere</Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red" onClick={() => show('remove')}>
            Remove
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {open === 'change' && <Change {...props} close={close} />}
      {open === 'link' && <NewLink {...props} close={close} />}
      {open === 'sessions' && <EndSessions {...props} close={close} />}
      {open === 'remove' && <Remove {...props} close={close} />}
    </>
  )
}

type Opened = PersonMenuProps & { readonly close: () => void }

function Change({ person, me, close }: Opened) {
  const [name, setName] = useState(person.name)
  const [role, setRole] = useState(person.role)
  const { send, busy, error } = useSend(
    () => ({ path: `/v1/people/${person.id}`, method: 'PATCH', body: { name: name.trim(), role } }),
    { quiet: true, done: `${name.trim()} is saved. It counts at once.`, after: close },
  )
  return (
    <Dialog
      opened
      close={close}
      title={`Change ${person.name}`}
      label="Save"
      busy={busy}
      error={error}
      disabled={name.trim() === person.name && role === person.role}
      submit={() => send(undefined)}
    >
      <TextInput
        label="Name"
        required
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <RoleChoice role={role} choose={setRole} />
      {me && role !== person.role && (
        <p className="second">This is you: what the other role may not do is out of your reach at once.</p>
      )}
      {person.origin === 'group' && role !== person.role && (
        <p className="second">
          So far a group of the sign-in service says the role. From now on you do, whatever the group says.
        </p>
      )}
    </Dialog>
  )
}

function NewLink({ person, close, linked }: Opened) {
  const { send, busy, error } = useSend<undefined, InvitationAnswer>(
    () => ({ path: `/v1/people/${person.id}/link` }),
    {
      quiet: true,
      after: (invitation) => {
        close()
        linked(invitation)
      },
    },
  )
  return (
    <Dialog
      opened
      close={close}
      title={`A sign-in link for ${person.name}`}
      label="Make the link"
      busy={busy}
      error={error}
      submit={() => send(undefined)}
    >
      <p>Links that were made for them before work no more. Their sessions go on.</p>
    </Dialog>
  )
}

function EndSessions({ person, me, close }: Opened) {
  const words = useWords()
  const { send, busy, error } = useSend<undefined, SessionsEndedAnswer>(
    () => ({ path: `/v1/people/${person.id}/sessions`, method: 'DELETE' }),
    {
      quiet: true,
      done: ({ ended }) =>
        ended === 0
          ? `${person.name} was signed in nowhere.`
          : `${person.name} is signed out: ${words.many(ended, 'session')} ended.`,
      after: close,
    },
  )
  return (
    <Dialog
      opened
      close={close}
      title={`Sign ${person.name} out everywhere`}
      label="Sign out everywhere"
      grave
      busy={busy}
      error={error}
      submit={() => send(undefined)}
    >
      <p>
        Every session of {me ? 'yours, this one too,' : 'theirs'} ends at once. {me ? 'You' : 'They'} may sign
        in again.
      </p>
    </Dialog>
  )
}

function Remove({ person, me, close }: Opened) {
  const { send, busy, error } = useSend(() => ({ path: `/v1/people/${person.id}`, method: 'DELETE' }), {
    quiet: true,
    done: `${person.name} gets in no more.`,
    after: close,
  })
  return (
    <Dialog
      opened
      close={close}
      title={`Remove ${person.name}`}
      label="Remove"
      grave
      busy={busy}
      error={error}
      submit={() => send(undefined)}
    >
      <p>
        {me ? 'You get' : `${person.email} gets`} in no more: sessions and links end at once. What{' '}
        {me ? 'you' : 'they'} did keeps {me ? 'your' : 'their'} name.
      </p>
    </Dialog>
  )
}
