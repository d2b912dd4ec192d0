/** Searching by name as one types: asked a moment after the last letter. */
import { CloseButton, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useState } from 'react'
import { useMay } from '../../api/frame.ts'
import type { CustomerQuery } from './query.ts'
import style from './customers.module.css'

/** Milliseconds. */
const QUIET = 250

export function SearchField({ query: { filter, set } }: { query: CustomerQuery }) {
  const given = filter['q'] ?? ''
  const [typed, type] = useState({ text: given, sent: given })
  const sees = useMay('operator')
  // Another view was opened, or one went back: what stands in the address holds.
  if (given !== typed.sent) type({ text: given, sent: given })
  const send = useDebouncedCallback((text: string) => {
    type((now) => ({ ...now, sent: text.trim() }))
    set({ q: text.trim() }, { replace: true })
  }, QUIET)
  const change = (text: string) => {
    type((now) => ({ ...now, text }))
    send(text)
  }
  return (
    <TextInput
      className={style.search ?? ''}
      type="search"
      size="xs"
      aria-label="Search customers"
      placeholder={sees ? 'Name, id in the CRM, or an e-mail address' : 'Name, or id in the CRM'}
      maxLength={200}
      value={typed.text}
      onChange={(event) => change(event.currentTarget.value)}
      rightSection={
        typed.text !== '' && (
          <CloseButton size="sm" aria-label="Empty the search" onClick={() => change('')} />
        )
      }
    />
  )
}
