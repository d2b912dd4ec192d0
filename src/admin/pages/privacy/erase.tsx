/** Erasing somebody: what goes and what stays, asked once more by having them typed again. */
import { Button, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useState } from 'react'
import { useWords } from '../../api/frame.ts'
import { useSend } from '../../api/queries.ts'
import { Refusal } from '../../api/request.ts'
import { Dialog } from '../../parts/dialog.tsx'
import type { ErasureAnswer } from '../../../server/api/people-data.ts'
import type { FoundProps } from './found.tsx'
import { sumsOf } from './words.ts'

export function Erase(props: FoundProps) {
  const [open, dialog] = useDisclosure(false)
  return (
    <>
      <Button color="red" onClick={dialog.open}>
        {labelOf(props)}
      </Button>
      {open && <Ask {...props} close={dialog.close} />}
    </>
  )
}

/** Of whom nothing is held it can be said all the same that nobody brings them in. */
function labelOf({ answer: { held } }: FoundProps): string {
  const { deleted, forgotten } = sumsOf(held)
  return deleted + forgotten === 0 ? 'Keep them out' : 'Erase'
}

function Ask(props: FoundProps & { close: () => void }) {
  const { wanted, answer, close, again, erased } = props
  const words = useWords()
  const [typed, type] = useState('')
  const [reference, refer] = useState('')
  const label = labelOf(props)
  const { send, busy, error } = useSend<undefined, ErasureAnswer>(
    () => ({
      path: '/v1/erasures',
      body: {
        person: wanted.selector,
        fingerprint: answer.fingerprint,
        ...(reference.trim() === '' ? {} : { reference: reference.trim() }),
      },
    }),
    {
      quiet: true,
      // What else knew them is read anew when it is opened: their own page is gone.
      changed: ['/v1/erasures', '/v1/frame'],
      done: 'Nothing of them is held any more.',
      after: (erasure) => {
        close()
        erased(erasure)
      },
    },
  )
  const sums = sumsOf(answer.held)
  const changed = error instanceof Refusal && error.problem.code === 'conflict'
  return (
    <Dialog
      opened
      close={close}
      title={`${label}: ${wanted.said}`}
      label={changed ? 'Look again' : label}
      grave={!changed}
      busy={busy}
      error={error}
      disabled={!changed && !sameWords(typed, wanted.said)}
      submit={() => {
        if (!changed) return send(undefined)
        close()
        again()
      }}
    >
      <div>
        {sums.deleted + sums.forgotten > 0 && (
          <p>
            {words.many(sums.deleted, 'row is', 'rows are')} deleted
            {sums.forgotten > 0 &&
              `, and ${words.many(sums.forgotten, 'row stays', 'rows stay')} without them`}
            . What is on its way to them is cancelled.
          </p>
        )}
        <p>
          Keyed hashes of their addresses stay, so that nobody writes to them and no CRM or file brings them
          back. This cannot be taken back.
        </p>
      </div>
      <TextInput
        label="Number of the request"
        description="Of your own system, if there is one. Kept for good: nothing of the person belongs here."
        placeholder="DSR-2026-114"
        maxLength={60}
        pattern="[\w.#\/: \-]{1,60}"
        title="Letters, digits, blanks and . # / : - _"
        value={reference}
        onChange={(event) => refer(event.currentTarget.value)}
      />
      <TextInput
        label={
          <>
            Type <span style={WHOLE}>{wanted.said}</span> to go on
          </>
        }
        required
        withAsterisk={false}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={(event) => type(event.currentTarget.value)}
        data-autofocus
      />
    </Dialog>
  )
}

const WHOLE = { fontWeight: 650, overflowWrap: 'anywhere' } as const

/** Blanks and case are no reason to type it all again. */
const sameWords = (a: string, b: string): boolean => plain(a) === plain(b)
const plain = (text: string): string => text.toLowerCase().replaceAll(/\s+/g, '')
